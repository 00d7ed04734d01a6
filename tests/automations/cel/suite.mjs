// Prints the official conformance tests of CEL, which the package holds as a module, as JSON.
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";

process.stdout.write(JSON.stringify(tests));
