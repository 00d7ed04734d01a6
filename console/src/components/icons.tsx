export { IconCheck as CheckIcon, IconCopy as CopyIcon } from "@tabler/icons-react";
