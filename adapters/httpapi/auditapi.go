package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

func (a *API) auditRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/audit_log", id: "audit-log", tag: "Audit", faults: []int{http.StatusBadRequest, http.StatusForbidden},
		summary: "Read the audit trail", description: "For Global Admins, newest first. It says who did, read or tried what, when and from where; contents appear only as digests. " +
			"With case_id or human_case_id it follows one case: what was done to it, which lists showed it, and who was given a report or accounting file with it, also one that was made before. Such a page looks at a limited number of entries and may be short; " +
			"go on as long as there is a Link. Reading the log is put on the trail, too.",
	}, a.auditLog)
}

type auditInput struct {
	PageInput
	OnlyCaller
	Actor       string `query:"actor" maxLength:"100" doc:"Who did it: a user id, or system:cli, system:auto and the like." example:"demo-case-admin"`
	Action      string `query:"action" maxLength:"40" doc:"What was done, by the names of GET /permissions." example:"case.move"`
	Entity      string `query:"entity" maxLength:"20" doc:"The kind of thing." example:"case"`
	EntityID    string `query:"entity_id" maxLength:"100" doc:"The id of the thing." example:"demo-case-001"`
	CaseID      string `query:"case_id" maxLength:"100" doc:"Follow this case, also through the lists and files that showed it." example:"demo-case-001"`
	HumanCaseID int64  `query:"human_case_id" minimum:"1" doc:"The same by the case's number." example:"1"`
	Outcome     string `query:"outcome" enum:"done,read,refused,dry_run" doc:"How it ended."`
	From        string `query:"from" maxLength:"40" doc:"From this time on." example:"2026-11-02T00:00:00Z"`
	To          string `query:"to" maxLength:"40" doc:"Before this time." example:"2026-11-03T00:00:00Z"`
}

type auditAnswer struct {
	PageHeaders
	Body struct {
		AuditLog  []auditBody `json:"audit_log" nullable:"false"`
		Truncated bool        `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

type auditBody struct {
	EntryID      int64     `json:"entry_id" example:"4711"`
	Seal         *int64    `json:"seal" nullable:"true" doc:"Its number in the chain; null in the first moments." example:"4702"`
	At           time.Time `json:"at"`
	ActorID      string    `json:"actor_id" example:"demo-case-admin"`
	ActorType    int       `json:"actor_type" doc:"The actor's user type at that time." example:"10"`
	Credential   string    `json:"credential" doc:"How the actor was identified." example:"header"`
	AuthMode     string    `json:"auth_mode" example:"trusted"`
	Action       string    `json:"action" example:"case.move"`
	Entity       string    `json:"entity" example:"case"`
	EntityID     string    `json:"entity_id" example:"demo-case-001"`
	Fields       []string  `json:"fields" nullable:"false" doc:"Names of changed, refused or asked fields, never their values."`
	Things       []string  `json:"things" nullable:"false" doc:"What a list showed: human_case_ids, of a list of users their ids."`
	BeforeDigest *string   `json:"before_digest" nullable:"true" doc:"Keyed digest of the thing before the change."`
	AfterDigest  *string   `json:"after_digest" nullable:"true" doc:"Keyed digest of the thing after the change."`
	RequestID    string    `json:"request_id"`
	Address      string    `json:"address" doc:"Where the request came from." example:"127.0.0.1"`
	Outcome      string    `json:"outcome" enum:"done,read,refused,dry_run"`
	Code         *string   `json:"code" nullable:"true" doc:"Why it was refused; of a purge by hand, its reason." example:"not_allowed"`
}

// auditKeys is what a cursor of the log holds.
type auditKeys struct {
	At int64 `json:"t"` // microseconds
	ID int64 `json:"i"`
}

func (a *API) auditLog(ctx context.Context, in *auditInput) (*auditAnswer, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	page, err := a.Trail.Log(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &auditAnswer{}
	out.Body.AuditLog = mapped(page.Entries, auditBodyOf)
	if page.Next != nil {
		out.Link = nextLink("/audit_log", in.filters(), writeCursor("audit_log", auditKeys{page.Next.At.UnixMicro(), page.Next.ID}))
		out.Body.Truncated = in.Limit == 0
	}
	if in.Count {
		out.Total = strconv.Itoa(page.Total)
	}
	return out, nil
}

func (in *auditInput) query() (audit.Query, error) {
	var r reader
	q := audit.Query{
		Actor: ident.UserID(r.line("query.actor", in.Actor, ident.MaxLength, false)), Action: permission.Action(r.line("query.action", in.Action, 40, false)),
		Entity: r.line("query.entity", in.Entity, 20, false), EntityID: r.line("query.entity_id", in.EntityID, 100, false),
		Outcome: audit.Outcome(in.Outcome), Number: in.HumanCaseID, Limit: in.limit(), Count: in.Count,
	}
	if in.CaseID != "" {
		id, err := ident.ParseCaseID(in.CaseID)
		r.bad.Check("query.case_id", err)
		q.Case = id
	}
	if in.From != "" {
		q.From = r.instant("query.from", in.From)
	}
	if in.To != "" {
		q.To = r.instant("query.to", in.To)
	}
	if q.Case != "" && q.Number != 0 {
		r.bad.Add("query.human_case_id", "must not come together with case_id")
	}
	if q.OfCase() && q.Count {
		r.bad.Add("query.count", "is not possible for one case: count the pages")
	}
	if err := r.bad.Err(); err != nil {
		return q, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return q, fault.New(fault.Senseless, "times_reversed", "to lies before from.")
	}
	keys, err := readCursor[auditKeys]("audit_log", in.Cursor)
	if keys != nil {
		q.After = &audit.Position{At: time.UnixMicro(keys.At).UTC(), ID: keys.ID}
	}
	return q, err
}

// filters are the parameters of the next page; those that are empty fall out.
func (in *auditInput) filters() url.Values {
	v := url.Values{
		"limit": {strconv.Itoa(in.limit())}, "actor": {in.Actor}, "action": {in.Action}, "entity": {in.Entity}, "entity_id": {in.EntityID},
		"case_id": {in.CaseID}, "outcome": {in.Outcome}, "from": {in.From}, "to": {in.To},
	}
	if in.HumanCaseID != 0 {
		v.Set("human_case_id", strconv.FormatInt(in.HumanCaseID, 10))
	}
	return v
}

func auditBodyOf(e audit.Listed) auditBody {
	return auditBody{
		EntryID: e.ID, Seal: nullable(e.Seq), At: e.At, ActorID: string(e.Actor.User), ActorType: int(e.Actor.Type), Credential: e.Actor.Credential,
		AuthMode: e.Actor.Mode, Action: string(e.Action), Entity: e.Entity, EntityID: e.EntityID, Fields: orNone(e.Fields), Things: orNone(e.Things),
		BeforeDigest: hexOf(e.Before), AfterDigest: hexOf(e.After), RequestID: e.Actor.RequestID, Address: e.Actor.Address,
		Outcome: string(e.Outcome), Code: nullable(e.Code),
	}
}

// orNone gives an empty list for none, so that it is written as [].
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func hexOf(digest []byte) *string {
	if digest == nil {
		return nil
	}
	text := hex.EncodeToString(digest)
	return &text
}
