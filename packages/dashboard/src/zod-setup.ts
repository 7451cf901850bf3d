// Tells zod not to write functions at run time, which the page's policy forbids. It must be
// imported before the contract, whose schemas are made when they are loaded.
import { z } from "zod";

z.config({ jitless: true });
