declare module "*/build/index.js";
