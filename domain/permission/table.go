package permission

import (
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// Action is something that a caller may be allowed to do.
type Action string

// The actions of the product.
const (
	ReadCase    Action = "case.read"
	CreateCase  Action = "case.create"
	EditCase    Action = "case.edit"
	DeleteCase  Action = "case.delete"
	RestoreCase Action = "case.restore"
	PurgeCase   Action = "case.purge"
	AssignCase  Action = "case.assign"
	AttachAdmin Action = "case.admin_file"
	ReadPay     Action = "pay.explain"
	MoveCase    Action = "case.move"
	MoveMoney   Action = "case.move_money"
	ApproveZero Action = "pay.approve_zero"

	ConfirmDuplicate Action = "case.confirm_duplicate"

	ListAllCases   Action = "case.list_all"
	ListGroupCases Action = "case.list_group"
	SeeDashboards  Action = "dashboard.read"
	ExportCases    Action = "case.export"
	LoadImages     Action = "case.images"

	ReadProfile    Action = "user.read"
	EditProfile    Action = "user.edit"
	RankUser       Action = "user.rank"
	CreateUser     Action = "user.create"
	DeactivateUser Action = "user.deactivate"
	ListUsers      Action = "user.list"
	ManageGroups   Action = "group.manage"
	ManageTokens   Action = "token.manage"
	ReadPlaces     Action = "place.read"
	EditPlaces     Action = "place.edit"

	ReadLists    Action = "list.read"
	EditLists    Action = "list.edit"
	LookUpCodes  Action = "code.look_up"
	LookUpNPI    Action = "npi.look_up"
	ManagePrices Action = "price.manage"

	ReadOwnReport    Action = "report.own"
	ReadReports      Action = "report.read"
	ReadPassword     Action = "report.password"
	ReadRuns         Action = "run.read"
	ManageRuns       Action = "run.manage"
	NameVendors      Action = "vendor.name"
	RunJobs          Action = "job.run"
	SendMail         Action = "mail.send"
	ReadAudit        Action = "audit.read"
	ReportBug        Action = "bug.report"
	ReadAllBugs      Action = "bug.read_all"
	ReadOperations   Action = "operations.read"
	EditBug          Action = "bug.edit"
	LogClientRequest Action = "request.log"
	ManageKeys       Action = "key.manage"
	MoveIn           Action = "reference.import"
	ManageBackups    Action = "backup.manage"
	ManageStorage    Action = "storage.manage"
)

// Relation is how the actor stands to the owner of the thing.
type Relation int

// The relations, nearest first. Other also stands for things without an owner.
const (
	Own Relation = iota
	Grouped
	Other
)

// Rule is one row of the policy: from which user type on an action is allowed, by relation, and the
// scope that an API token must carry for it.
type Rule struct {
	Action    Action
	Needs     TokenScope
	OwnFrom   UserType
	GroupFrom UserType
	AnyFrom   UserType
	NeverOwn  string // code of the refusal where nobody, whatever his type, may do it with his own
	Meaning   string
	Remark    string
}

// Allows says whether a user type may act in a relation.
func (r Rule) Allows(t UserType, rel Relation) bool {
	switch rel {
	case Own:
		return t >= r.OwnFrom || t >= r.AnyFrom
	case Grouped:
		return t >= r.GroupFrom || t >= r.AnyFrom
	default:
		return t >= r.AnyFrom
	}
}

// Table is the policy, in the order in which it is printed. Source: spec/decisions.md 2.6 and 2.7.
var Table = []Rule{
	{Action: ReadCase, Needs: CasesRead, OwnFrom: Provider, GroupFrom: GroupAdmin, AnyFrom: CaseAdmin, Meaning: "read a case, its history and files"},
	{Action: CreateCase, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "record a case"},
	{Action: EditCase, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "change a case", Remark: "own: at 0 and 1; Case Admin: up to 10; nobody the codes of own cases at 10"},
	{Action: DeleteCase, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "delete a case", Remark: "own: at 0 and 1; Case Admin: not at 15 or 20"},
	{Action: RestoreCase, Needs: CasesWrite, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "restore a deleted case"},
	{Action: PurgeCase, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: SystemAdmin, NeverOwn: "own_case", Meaning: "purge a deleted case for good", Remark: "nobody their own cases by hand"},
	{Action: AssignCase, Needs: CasesWrite, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, NeverOwn: "own_case", Meaning: "change the owner of a case", Remark: "not when the actor is the old or the new owner"},
	{Action: AttachAdmin, Needs: CasesWrite, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "set the administrative file of a case"},
	{Action: ReadPay, Needs: CasesRead, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "see how the pay of a case came about"},
	{Action: MoveCase, Needs: CasesWrite, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "move cases through the lifecycle", Remark: "nobody moves own cases to 10 or above"},
	{Action: MoveMoney, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "make moves that open, settle, cancel or reverse a payment"},
	{Action: ApproveZero, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, NeverOwn: "own_case", Meaning: "approve an unpriced case to be paid at zero", Remark: "nobody for own cases"},
	{Action: ConfirmDuplicate, Needs: CasesWrite, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, NeverOwn: "own_case", Meaning: "confirm that a possible duplicate is an operation of its own", Remark: "nobody for own cases"},
	{Action: ListAllCases, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "list everybody's cases by status"},
	{Action: ListGroupCases, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: GroupAdmin, Meaning: "list the cases of group members", Remark: "members of type 1 to 6, where the membership says group_admin"},
	{Action: SeeDashboards, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "see the dashboards"},
	{Action: ExportCases, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "export cases"},
	{Action: LoadImages, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "download the documents of many cases"},
	{Action: ReadProfile, Needs: Administration, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "read a user's profile", Remark: "others: types up to the own"},
	{Action: EditProfile, Needs: Administration, OwnFrom: Provider, GroupFrom: never, AnyFrom: UserAdmin, Meaning: "change a user's profile", Remark: "others: types below the own"},
	{Action: RankUser, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: UserAdmin, NeverOwn: "not_on_yourself", Meaning: "set user_type, user_tier, max_case_status, active", Remark: "never one's own; types below the own, 999 excepted"},
	{Action: CreateUser, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: UserAdmin, Meaning: "create users", Remark: "types below the own, 999 excepted"},
	{Action: DeactivateUser, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: UserAdmin, NeverOwn: "not_on_yourself", Meaning: "deactivate users", Remark: "types below the own, 999 excepted; never oneself"},
	{Action: ListUsers, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "list users", Remark: "types up to the own"},
	{Action: ManageGroups, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: UserAdmin, Meaning: "manage groups and memberships"},
	{Action: ManageTokens, Needs: Administration, OwnFrom: Provider, GroupFrom: never, AnyFrom: never, Meaning: "make, list and revoke one's own API tokens", Remark: "with an API token: of no more scopes than it has"},
	{Action: ReadPlaces, Needs: CasesRead, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "list surgeons and facilities"},
	{Action: EditPlaces, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "change surgeons and facilities"},
	{Action: ReadLists, Needs: AnyToken, OwnFrom: Provider, GroupFrom: never, AnyFrom: Provider, Meaning: "read the lists"},
	{Action: EditLists, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "change the lists"},
	{Action: LookUpCodes, Needs: CasesRead, OwnFrom: Provider, GroupFrom: never, AnyFrom: Provider, Meaning: "look up procedure codes"},
	{Action: LookUpNPI, Needs: CasesRead, OwnFrom: Provider, GroupFrom: never, AnyFrom: Provider, Meaning: "look up NPIs"},
	{Action: ManagePrices, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "read and load the price tables"},
	{Action: ReadOwnReport, Needs: Payments, OwnFrom: Provider, GroupFrom: never, AnyFrom: never, Meaning: "get one's own payment report and its password"},
	{Action: ReadReports, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "make and fetch payment reports and accounting files"},
	{Action: ReadPassword, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "read the password of the reports of several providers"},
	{Action: ReadRuns, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "read payment runs"},
	{Action: ManageRuns, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "open, settle and reverse payment runs", Remark: "own cases are left out"},
	{Action: NameVendors, Needs: Payments, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "give a provider another name in QuickBooks"},
	{Action: RunJobs, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "see and start scheduled jobs"},
	{Action: SendMail, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "mail reports, manage recipients, read the e-mail log"},
	{Action: ReadAudit, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "read the audit trail"},
	{Action: ReportBug, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: Provider, Meaning: "report a bug and follow it"},
	{Action: ReadAllBugs, Needs: CasesRead, OwnFrom: never, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "read all bug reports"},
	{Action: EditBug, Needs: CasesWrite, OwnFrom: Provider, GroupFrom: never, AnyFrom: CaseAdmin, Meaning: "change bug reports"},
	{Action: ReadOperations, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: GlobalAdmin, Meaning: "see metrics and the components of the health report"},
	{Action: LogClientRequest, Needs: CasesRead, OwnFrom: Provider, GroupFrom: never, AnyFrom: Provider, Meaning: "log a request the client made"},
	{Action: ManageKeys, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: never, Meaning: "see, rotate and retire the keys of the encrypted columns", Remark: "only the operator, on the command line"},
	{Action: MoveIn, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: never, Meaning: "move in what the service before this one has stored", Remark: "only the operator, on the command line"},
	{Action: ManageBackups, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: never, Meaning: "list, restore and verify backups", Remark: "only the operator, on the command line; backups are made by a job"},
	{Action: ManageStorage, Needs: Administration, OwnFrom: never, GroupFrom: never, AnyFrom: never, Meaning: "set up the storage of objects, copy it to another", Remark: "only the operator, on the command line"},
}

var byAction = func() map[Action]Rule {
	m := make(map[Action]Rule, len(Table))
	for _, r := range Table {
		m[r.Action] = r
	}
	return m
}()

// RuleOf gives the rule of an action. An action without a rule is allowed to nobody.
func RuleOf(action Action) Rule {
	if r, ok := byAction[action]; ok {
		return r
	}
	return Rule{Action: action, OwnFrom: never, GroupFrom: never, AnyFrom: never}
}

// Check says whether the actor may act on a thing of this owner; a thing without an owner has "".
// Faults: Forbidden "not_your_data" when it is allowed on own things only, else "not_allowed";
// "scope_missing" if only his token does not reach that far.
func Check(a Actor, action Action, owner ident.UserID) error {
	return CheckRelation(a, action, a.relationTo(owner))
}

func (a Actor) relationTo(owner ident.UserID) Relation {
	if owner != "" && a.Is(owner) {
		return Own
	}
	return Other
}

// CheckRelation is Check for a known relation.
func CheckRelation(a Actor, action Action, rel Relation) error {
	rule := RuleOf(action)
	if a.system || rule.Allows(a.Type, rel) {
		return a.checkScope(rule)
	}
	if rel != Own && rule.Allows(a.Type, Own) {
		return NotYourData()
	}
	return fault.New(fault.Forbidden, "not_allowed", "You are not allowed to do this.").Naming("action", string(action))
}

// NotYourData is the one answer to asking about somebody whose records one may not see, the same
// whether or not that person exists.
func NotYourData() *fault.Error {
	return fault.New(fault.Forbidden, "not_your_data", "You may not see the records of this user.")
}
