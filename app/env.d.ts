/// <reference types="@remix-run/dev" />
/// <reference types="@remix-run/node" />
import "@remix-run/react";

declare module "@remix-run/react" {
  interface Future {
    v3_singleFetch: true;
  }
}

import "@remix-run/server-runtime";

declare module "@remix-run/server-runtime" {
  interface Future {
    v3_singleFetch: true;
  }
}
