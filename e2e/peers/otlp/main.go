// Command otlp reads the body of an OTLP/HTTP export of traces as the OpenTelemetry collector does, and prints each span as one JSON
// object a line: what a receiver makes of it, for the tests of what we send.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

type span struct {
	Service    string         `json:"service"`
	Scope      string         `json:"scope"`
	Trace      string         `json:"trace"`
	ID         string         `json:"id"`
	Parent     string         `json:"parent"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	Status     string         `json:"status"`
	Start      int64          `json:"startMicros"`
	End        int64          `json:"endMicros"`
	Attributes map[string]any `json:"attributes"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, resource := range request.Traces().ResourceSpans().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeSpans().All() {
			for _, one := range scope.Spans().All() {
				if one.TraceID().IsEmpty() || one.SpanID().IsEmpty() {
					return fmt.Errorf("span %q has no id", one.Name())
				}
				err := out.Encode(span{
					Service: service.AsString(), Scope: scope.Scope().Name(), Trace: one.TraceID().String(), ID: one.SpanID().String(),
					Parent: one.ParentSpanID().String(), Name: one.Name(), Kind: one.Kind().String(), Status: one.Status().Code().String(),
					Start: int64(one.StartTimestamp()) / 1000, End: int64(one.EndTimestamp()) / 1000, Attributes: one.Attributes().AsRaw(),
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}
