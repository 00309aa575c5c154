package mail

import (
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
)

// Kind is what a letter is: the name of its template, without the rhythm.
type Kind string

// The kinds of letters. Source: spec/reference-rules.md 10.
const (
	PaymentReport    Kind = "provider_payment_report"
	SummaryReport    Kind = "provider_payment_summary_report"
	IndividualReport Kind = "individual_provider_payment_report"
	JobFailed        Kind = "job_failure_alert"
	JobWarning       Kind = "job_warning_alert"
	Checkpoint       Kind = "audit_checkpoint"
)

// Rhythm is the occasion of a report.
type Rhythm string

// The rhythms.
const (
	Weekly   Rhythm = "weekly"
	OnDemand Rhythm = "on_demand"
)

// List is a list of people who get a report: its kind and rhythm.
type List string

// ListOf names the list of a report.
func ListOf(kind Kind, rhythm Rhythm) List { return List(string(kind) + "_" + string(rhythm)) }

// Lists are the lists that there are. Individual reports go to the providers themselves.
var Lists = []List{
	ListOf(PaymentReport, Weekly), ListOf(PaymentReport, OnDemand), ListOf(SummaryReport, Weekly), ListOf(SummaryReport, OnDemand),
}

// ListsOf are the lists of a report in order: who is on the first that has anybody gets it. The summary
// falls back on the list of the payment report.
func ListsOf(kind Kind, rhythm Rhythm) []List {
	if kind == SummaryReport {
		return []List{ListOf(SummaryReport, rhythm), ListOf(PaymentReport, rhythm)}
	}
	return []List{ListOf(kind, rhythm)}
}

// Recipient is somebody on a list.
type Recipient struct {
	ID        int64
	List      List
	Address   string
	First     string
	Last      string
	CreatedAt time.Time
}

// MaxName is the longest name of a recipient, in characters.
const MaxName = 100

// Contents lists what a digest of the recipient in the audit trail covers.
func (r *Recipient) Contents() []string {
	return []string{string(r.List), r.Address, r.First, r.Last}
}

// The ways in which a user wants messages. Source: spec/reference-rules.md 0.
const (
	prefersMail = 1
	prefersBoth = 3
)

// Refusal says why a user gets no letter, as a code; empty if he gets it.
func Refusal(u *directory.User) string {
	switch {
	case !u.Active:
		return "user_inactive"
	case u.Email == "":
		return "no_address"
	case u.MessagePref != prefersMail && u.MessagePref != prefersBoth:
		return "message_pref"
	}
	return ""
}

// ParseList reads the name of a list.
//
// Faults: Invalid "unknown_list".
func ParseList(name string) (List, error) {
	for _, l := range Lists {
		if string(l) == name {
			return l, nil
		}
	}
	return "", fault.New(fault.Invalid, "unknown_list", "must be one of the lists of reports")
}

// ParseReport reads which report is meant: its name alone, or with the rhythm at its end as lists are named, and the
// rhythm beside it, if it is given. The rhythm is empty where neither says it.
//
// Faults: Invalid "unknown_report", "unknown_rhythm", "rhythms_differ".
func ParseReport(name, rhythm string) (Kind, Rhythm, error) {
	beside := Rhythm(rhythm)
	if beside != "" && beside != Weekly && beside != OnDemand {
		return "", "", fault.New(fault.Invalid, "unknown_rhythm", "must be weekly or on_demand")
	}
	for _, kind := range []Kind{PaymentReport, SummaryReport, IndividualReport} {
		if name == string(kind) {
			return kind, beside, nil
		}
		for _, within := range []Rhythm{Weekly, OnDemand} {
			switch {
			case name != string(ListOf(kind, within)):
			case beside != "" && beside != within:
				return "", "", fault.New(fault.Invalid, "rhythms_differ", "must not contradict the end of the report's name")
			default:
				return kind, within, nil
			}
		}
	}
	return "", "", fault.New(fault.Invalid, "unknown_report", "must be the name of a report")
}
