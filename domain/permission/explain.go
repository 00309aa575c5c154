package permission

import (
	"fmt"

	"surgicase/domain/fault"
)

// String names the relation as it reads behind "with".
func (r Relation) String() string {
	switch r {
	case Own:
		return "his own"
	case Grouped:
		return "a group member's"
	default:
		return "anybody's"
	}
}

// From is the lowest type that may act in a relation; 0 if nobody may.
func (r Rule) From(rel Relation) UserType {
	from := r.AnyFrom
	switch {
	case rel == Own && r.NeverOwn != "":
		return 0
	case rel == Own:
		from = min(from, r.OwnFrom)
	case rel == Grouped:
		from = min(from, r.GroupFrom)
	}
	if from == never {
		return 0
	}
	return from
}

// Decision is whether somebody may do something, and the rule that says so.
type Decision struct {
	Allowed  bool
	Code     string // of the refusal
	Rule     Rule
	Relation Relation
	Because  string
}

// Explain says what decides whether the actor may do the action in a relation. What else limits it,
// such as the status of a case, stands in the rule's remark.
func Explain(a Actor, action Action, rel Relation) Decision {
	rule := RuleOf(action)
	d := Decision{Rule: rule, Relation: rel, Code: fault.CodeOf(CheckRelation(a, action, rel))}
	switch from := rule.From(rel); {
	case a.system:
		d.Because = "The system may everything."
	case d.Code == "scope_missing":
		d.Because = fmt.Sprintf("His type may, but his token lacks the scope %s.", rule.Needs)
	case rel == Own && rule.NeverOwn != "" && d.Code == "":
		d.Code, d.Because = rule.NeverOwn, "Nobody may do this with his own, whatever his type."
	case from == 0:
		d.Because = fmt.Sprintf("Nobody may do this with %s.", rel)
	case d.Code == "":
		d.Because = fmt.Sprintf("With %s it is allowed from type %d on, and he is of type %d.", rel, from, a.Type)
	default:
		d.Because = fmt.Sprintf("With %s it takes type %d, and he is of type %d.", rel, from, a.Type)
	}
	d.Allowed = d.Code == ""
	return d
}

// Refuses says whether a code is the one of a refusal by the policy.
func Refuses(code string) bool {
	return code == "not_allowed" || code == "own_case" || code == "scope_missing"
}
