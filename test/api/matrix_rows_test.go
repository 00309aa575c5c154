package api

import (
	"fmt"
	"net/http"

	"surgicase/domain/directory"
)

// matrixRow says what the six user types get from an endpoint, written down by hand from decisions 2.6
// and 2.7: 1, 7, 10, 20, 100, 999. An endpoint about somebody's things has a line for one's own, for
// those of a member of a group that the caller administers, and for those of a stranger; any other
// has one line for everybody.
type matrixRow struct {
	own, member, stranger string
	all                   string
	about                 func(s *abused, owner string) example // the request about the owner's thing
	told                  string                                // the member of the answer that says how many things were changed
}

// Lines that come again.
const (
	everybody  = "200 200 200 200 200 200"
	created    = "201 201 201 201 201 201"
	nobody     = "403 403 403 403 403 403"
	fromCase   = "403 403 200 200 200 200"
	fromUser   = "403 403 403 200 200 200"
	fromGlobal = "403 403 403 403 200 200"
	unseen     = "404 404 200 200 200 200"
)

// matrixRows are the rows by operation id; an alias has that of its route. A new route needs one.
var matrixRows = map[string]matrixRow{
	"get-case":     {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirCase},
	"case-history": {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirCase},
	"case-pay":     {own: everybody, member: unseen, stranger: unseen, about: theirCase},
	"delete-case":  {own: everybody, member: "404 403 200 200 200 200", stranger: unseen, about: theirCase},
	"create-case":  {own: created, member: "403 403 201 201 201 201", stranger: "403 403 201 201 201 201", about: newCase},
	"change-case":  {own: everybody, member: "404 403 200 200 200 200", stranger: unseen, about: changedCase},
	"restore-case": {own: fromGlobal, member: fromGlobal, stranger: fromGlobal, about: deletedCase},
	"purge-case":   {own: nobody, member: "403 403 403 403 403 200", stranger: "403 403 403 403 403 200", about: purgedCase},
	"move-cases":   {own: fromCase, member: fromCase, stranger: fromCase, about: movedCase, told: "total_updated"},
	"approve-zero": {own: fromGlobal, member: fromGlobal, stranger: fromGlobal, about: zeroCase, told: "total_approved"},

	"confirm-duplicates": {own: fromCase, member: fromCase, stranger: fromCase, about: foundCase, told: "total_confirmed"},

	"get-case-images":          {all: fromCase},
	"upload-case-file":         {own: created, member: "404 403 201 201 201 201", stranger: "404 404 201 201 201 201", about: newCaseFile},
	"list-case-files":          {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirCase},
	"get-case-file":            {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirCaseFile},
	"delete-case-file":         {own: everybody, member: "404 403 200 200 200 200", stranger: unseen, about: theirCaseFile},
	"list-case-file-versions":  {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirCase},
	"get-case-file-version":    {own: everybody, member: "404 200 200 200 200 200", stranger: unseen, about: theirVersion},
	"delete-case-file-version": {own: everybody, member: "404 403 200 200 200 200", stranger: unseen, about: theirVersion},
	"presign-case-file":        {own: everybody, member: "404 403 200 200 200 200", stranger: unseen, about: plannedCaseFile},
	"complete-case-file":       {own: created, member: "404 403 201 201 201 201", stranger: "404 404 201 201 201 201", about: completedCaseFile},
	"upload-user-file":         {own: created, member: "403 403 403 201 201 201", stranger: "403 403 403 201 201 201", about: newUserFile},
	"list-user-files":          {own: everybody, member: fromCase, stranger: fromCase, about: owned},
	"get-user-file":            {own: everybody, member: fromCase, stranger: fromCase, about: theirUserFile},
	"delete-user-file":         {own: everybody, member: fromUser, stranger: fromUser, about: theirUserFile},
	"presign-user-file":        {own: everybody, member: fromUser, stranger: fromUser, about: plannedUserFile},
	"complete-user-file":       {own: created, member: "403 403 403 201 201 201", stranger: "403 403 403 201 201 201", about: completedUserFile},

	"filter-cases":    {own: everybody, member: "403 200 200 200 200 200", stranger: fromCase, about: owned},
	"group-cases":     {own: "403 200 200 200 200 200", member: "403 200 200 200 200 200", stranger: fromCase, about: targeted},
	"cases-by-status": {all: fromCase},
	"case-dashboard":  {all: fromCase},
	"user-dashboard":  {all: fromCase},
	"build-dashboard": {all: fromCase},

	"get-user":         {own: everybody, member: fromCase, stranger: fromCase, about: owned},
	"user-environment": {own: everybody, member: fromCase, stranger: fromCase, about: owned},
	"change-user":      {own: everybody, member: fromUser, stranger: fromUser, about: changedUser},
	"delete-user":      {own: nobody, member: fromUser, stranger: fromUser, about: leavingUser},
	"create-user":      {all: "403 403 403 201 201 201"},
	"list-users":       {all: fromCase},
	"audit-log":        {all: fromGlobal},

	"metrics":             {all: fromGlobal},
	"metrics-summary":     {all: fromGlobal},
	"metrics-health":      {all: fromGlobal},
	"metrics-system":      {all: fromGlobal},
	"metrics-database":    {all: fromGlobal},
	"metrics-business":    {all: fromGlobal},
	"metrics-endpoints":   {all: fromGlobal},
	"metrics-self":        {all: fromGlobal},
	"secrets-cache-stats": {all: fromGlobal},

	"list-tokens":  {all: everybody},
	"create-token": {all: created},
	"revoke-token": {own: everybody, member: "404 404 404 404 404 404", stranger: "404 404 404 404 404 404", about: theirToken},

	"list-recipients":  {all: fromGlobal},
	"create-recipient": {all: "403 403 403 403 201 201"},
	"delete-recipient": {all: fromGlobal},
	"email-log":        {all: fromGlobal},
	"mail-reports":     {all: "403 403 403 403 201 201"},
	"report-bug":       {all: created},
	"list-bugs":        {all: everybody},
	"change-bug":       {own: everybody, member: unseen, stranger: unseen, about: theirBug},
	"log-request":      {all: everybody},

	"list-surgeons":   {own: everybody, member: fromCase, stranger: fromCase, about: owned},
	"create-surgeon":  {own: created, member: "403 403 201 201 201 201", stranger: "403 403 201 201 201 201", about: newSurgeon},
	"change-surgeon":  {own: everybody, member: unseen, stranger: unseen, about: changedSurgeon},
	"delete-surgeon":  {own: everybody, member: unseen, stranger: unseen, about: leavingSurgeon},
	"list-facilities": {own: everybody, member: fromCase, stranger: fromCase, about: owned},
	"create-facility": {own: created, member: "403 403 201 201 201 201", stranger: "403 403 201 201 201 201", about: newFacility},
	"change-facility": {own: everybody, member: unseen, stranger: unseen, about: changedFacility},
	"delete-facility": {own: everybody, member: unseen, stranger: unseen, about: leavingFacility},

	"list-groups":         {all: fromUser},
	"create-group":        {all: "403 403 403 201 201 201"},
	"get-group":           {all: fromUser},
	"change-group":        {all: fromUser},
	"delete-group":        {all: fromUser},
	"set-group-member":    {all: "403 403 403 201 201 201"},
	"remove-group-member": {all: fromUser},

	"list-doctypes":       {all: everybody},
	"list-timezones":      {all: everybody},
	"list-user-types":     {all: everybody},
	"list-case-statuses":  {all: everybody},
	"list-user-doc-types": {all: everybody},
	"list-faqs":           {all: everybody},
	"list-cpt-codes":      {all: everybody},
	"list-permissions":    {all: everybody},
	"check-npi":           {all: everybody},
	"search-surgeon":      {all: everybody},
	"search-facility":     {all: everybody},
	"put-case-status":     {all: fromGlobal},
	"put-user-type":       {all: "403 403 403 403 200 200"},
	"put-user-doc-type":   {all: "403 403 403 403 201 201"},
	"create-faq":          {all: "403 403 403 403 201 201"},
	"list-jobs":           {all: fromGlobal},
	"run-job":             {all: fromGlobal},
	"open-run":            {all: "403 403 403 403 201 201"},
	"list-runs":           {all: fromCase},
	"get-run":             {all: fromCase},
	"settle-run":          {all: fromGlobal},
	"reverse-run":         {all: fromGlobal},

	"payment-report":          {all: fromCase},
	"summary-report":          {all: fromCase},
	"individual-reports":      {all: fromCase},
	"quickbooks-vendors":      {all: fromCase},
	"quickbooks-transactions": {all: fromCase},
	"my-report":               {own: everybody, member: "404 404 404 404 404 404", stranger: "404 404 404 404 404 404", about: theirRun},
	"report-password":         {all: everybody},
	"export-cases":            {all: fromCase},
	"export-cases-csv":        {all: fromCase},
	"list-files":              {all: fromCase},
	"get-file":                {own: everybody, member: unseen, stranger: unseen, about: theirReport},
	"list-pay-tiers":          {all: fromGlobal},
	"tiers-summary":           {all: fromGlobal},
	"load-pay-tiers":          {all: "403 403 403 403 201 201"},
	"confirm-pay-tiers":       {all: fromGlobal},
	"rename-vendor":           {all: fromGlobal},
}

func (s *abused) caseOf(owner string) string {
	s.t.Helper()
	id := s.next("c")
	s.drafts(owner, s.places[owner], id)
	return id
}

func theirCase(s *abused, owner string) example {
	return example{query: map[string]string{"case_id": s.caseOf(owner)}}
}

func newCase(s *abused, owner string) example {
	return example{body: caseOf(s.next("c"), owner, s.places[owner], "patient", map[string]any{"first": s.next("First"), "last": "Last"})}
}

func changedCase(s *abused, owner string) example {
	return example{body: map[string]any{"case_id": s.caseOf(owner), "ins_provider": "Other"}}
}

func deletedCase(s *abused, owner string) example {
	s.t.Helper()
	id := s.caseOf(owner)
	s.send(http.MethodDelete, "/case?case_id="+id, "operator", nil).is(200)
	return example{body: map[string]any{"case_id": id}}
}

func purgedCase(s *abused, owner string) example {
	s.t.Helper()
	e := deletedCase(s, owner)
	e.body["reason"] = "erasure_request"
	return e
}

func movedCase(s *abused, owner string) example {
	return example{body: moveOf(1, []string{s.caseOf(owner)})}
}

func zeroCase(s *abused, owner string) example {
	s.t.Helper()
	id := s.next("c")
	patient := map[string]any{"first": id, "last": "Last"}
	s.send(http.MethodPost, "/case", owner, caseOf(id, owner, s.places[owner], "patient", patient, "procedure_codes", []string{"Q0000"})).is(201)
	return example{body: map[string]any{"case_ids": []string{id}, "reason": "because"}}
}

func foundCase(s *abused, owner string) example {
	s.t.Helper()
	id := s.caseOf(owner)
	s.markFound(id)
	return example{body: map[string]any{"case_ids": []string{id}, "reason": "because"}}
}

// theirToken asks for a token of the owner to be revoked.
func theirToken(s *abused, owner string) example {
	s.t.Helper()
	made, _ := s.token(owner, directory.UsualTokenLife, "cases:read")
	return example{query: map[string]string{"token_id": fmt.Sprint(made.ID)}}
}

func owned(_ *abused, owner string) example {
	return example{query: map[string]string{"user_id": owner}}
}

func targeted(_ *abused, owner string) example {
	return example{query: map[string]string{"target_user_id": owner}}
}

func changedUser(s *abused, owner string) example {
	return example{body: map[string]any{"user_id": owner, "city": s.next("City")}}
}

// leavingUser is the caller himself, or somebody made for it in the place of the member or stranger.
func leavingUser(s *abused, owner string) example {
	s.t.Helper()
	switch owner {
	case "member":
		owner = s.user()
		s.administered(owner)
	case "stranger":
		owner = s.user()
	}
	return example{query: map[string]string{"user_id": owner}}
}

func newSurgeon(s *abused, owner string) example {
	e := examples["create-surgeon"](s)
	e.body["user_id"] = owner
	return e
}

func newFacility(s *abused, owner string) example {
	e := examples["create-facility"](s)
	e.body["user_id"] = owner
	return e
}

func changedSurgeon(s *abused, owner string) example {
	return example{body: map[string]any{"surgeon_id": s.placeOf(owner).surgeon, "first_name": "Blair"}}
}

func leavingSurgeon(s *abused, owner string) example {
	return example{query: map[string]string{"surgeon_id": fmt.Sprint(s.placeOf(owner).surgeon)}}
}

func changedFacility(s *abused, owner string) example {
	return example{body: map[string]any{"facility_id": s.placeOf(owner).facility, "facility_name": "Other"}}
}

func leavingFacility(s *abused, owner string) example {
	return example{query: map[string]string{"facility_id": fmt.Sprint(s.placeOf(owner).facility)}}
}
