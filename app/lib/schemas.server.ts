/** For actions. Pages that check while somebody types fetch the schema when it is needed: imported by a page's file it would be loaded up front. */
export { createAppSchema, updateAppSchema, variableKeySchema } from "../../server/apps/schema";
