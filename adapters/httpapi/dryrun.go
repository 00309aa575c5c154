package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
)

// paramDryRun asks any writing route what it would do.
const paramDryRun = "dry_run"

// writes reports whether requests of a method change something.
func writes(method string) bool {
	return slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method)
}

// requireDryRunRule panics for a writing route that says neither that it has a dry run nor why it has none.
func (r route) requireDryRunRule() {
	if writes(r.method) != (r.dryRun || r.noDryRun != "") || r.dryRun && r.noDryRun != "" {
		panic(r.method + " " + r.path + " must say whether it has a dry run: set dryRun or noDryRun")
	}
}

// dryRunParameter describes the parameter. carefully reads it, so that no handler can forget to.
func dryRunParameter() *huma.Param {
	return &huma.Param{
		Name: paramDryRun, In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean},
		Description: "Say what would change (200) and write nothing. Ids that the answer makes up are not reserved.",
	}
}

// startDryRun puts a request into a dry run: the use case does all its work, and its transactions are rolled back.
func startDryRun(hc huma.Context) huma.Context {
	ctx, _ := dryrun.Start(hc.Context())
	return dryRunContext{huma.WithContext(hc, ctx)}
}

// dryRunContext answers what would have been done: with 200, and without saying where to find it.
type dryRunContext struct {
	below
}

// Unwrap returns the context below.
func (c dryRunContext) Unwrap() huma.Context { return c.below }

// SetStatus makes 200 of every success.
func (c dryRunContext) SetStatus(status int) {
	if status > http.StatusOK && status < http.StatusMultipleChoices {
		status = http.StatusOK
	}
	c.below.SetStatus(status)
}

// SetHeader leaves out the address of what was not made.
func (c dryRunContext) SetHeader(name, value string) {
	if name != "Location" {
		c.below.SetHeader(name, value)
	}
}

// dryRunChangeBody is something that a dry run would have changed.
type dryRunChangeBody struct {
	Action   string   `json:"action" doc:"As on the audit log." example:"case.edit"`
	Entity   string   `json:"entity" example:"case"`
	EntityID string   `json:"entity_id" doc:"Empty for none in particular." example:"demo-case-001"`
	Fields   []string `json:"fields" nullable:"false" doc:"The fields that would change." example:"[\"case_date\"]"`
	Cases    int      `json:"cases" doc:"How many cases it would price anew." example:"0"`
}

func dryRunChangeBodyOf(e audit.Entry) dryRunChangeBody {
	return dryRunChangeBody{Action: string(e.Action), Entity: e.Entity, EntityID: e.EntityID, Fields: orNone(e.Fields), Cases: len(e.Things)}
}

// addDryRunMembers adds to the body of a dry run that nothing was written, and what would have been.
func addDryRunMembers(hc huma.Context, status string, v any) (any, error) {
	dry := dryrun.Of(hc.Context())
	if dry == nil || !strings.HasPrefix(status, "2") {
		return v, nil
	}
	raw, err := json.Marshal(v)
	members := map[string]json.RawMessage{}
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil {
		return nil, err
	}
	members["dry_run"] = json.RawMessage("true")
	if _, has := members["message"]; has {
		members["message"] = json.RawMessage(`"Nothing was written"`)
	}
	members["would_change"], err = json.Marshal(mapped(dry.Changes(), dryRunChangeBodyOf))
	return members, err
}

// describeDryRun adds the answer of a dry run to the description of a route that has one.
func (a *API) describeDryRun(op *huma.Operation) {
	made := op.Responses[strconv.Itoa(op.DefaultStatus)]
	if op.Responses["200"] == nil {
		op.Responses["200"] = &huma.Response{Description: "With dry_run=true: nothing was written.", Content: made.Content}
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	body := made.Content["application/json"].Schema
	if body.Ref != "" {
		body = schemas.SchemaFromRef(body.Ref)
	}
	if body.Properties["dry_run"] == nil {
		body.Properties["dry_run"] = &huma.Schema{Type: huma.TypeBoolean, Description: "True in a dry run, else left out."}
	}
	body.Properties["would_change"] = &huma.Schema{
		Type: huma.TypeArray, Items: schemas.Schema(reflect.TypeFor[dryRunChangeBody](), true, "DryRunChange"), Description: "In a dry run: what would change.",
	}
}
