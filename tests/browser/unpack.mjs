// Unpacks the Chromium of the package into the folder TMPDIR; prints the path of its program.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
