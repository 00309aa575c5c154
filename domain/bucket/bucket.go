// Package bucket holds how a bucket should be set up: what it lets go of by itself, whom it refuses, and which pages may
// use links to its objects. What others have set there stays.
package bucket

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"surgicase/domain/fault"
)

// The settings, by name.
const (
	Uploads = "unfinished uploads"
	Old     = "old versions"
	Trials  = "trial objects"
	Policy  = "policy"
	CORS    = "cors"
)

// ours begins the names of our lifecycle rules and our CORS rule, ourSid those of our statements.
const (
	ours   = "surgicase-"
	ourSid = "SurgiCase"
)

// Rule is a rule of the lifecycle. Days that are 0 are not set.
type Rule struct {
	ID, Prefix  string
	AbortDays   int // after which parts of an unfinished upload go
	OldDays     int // after which versions that were replaced or removed go
	ExpiresDays int // after which objects go
}

// Rules are our rules by the names of their settings. Nothing that a row names expires: the program removes it with the
// row. Backups are none of a rule's business either: a rule would remove the last one, too.
func Rules() map[string]Rule {
	return map[string]Rule{
		Uploads: {ID: ours + "unfinished-uploads", AbortDays: 1},
		Old:     {ID: ours + "old-versions", OldDays: 30},
		Trials:  {ID: ours + "trial-objects", Prefix: "exports/check-", ExpiresDays: 1},
	}
}

// Pages is our CORS rule: which pages may use signed links, and with what.
type Pages struct {
	ID                                 string
	Origins, Methods, Headers, Exposed []string
	Seconds                            int
}

// PagesOf gives the rule for pages of these origins.
func PagesOf(origins []string) Pages {
	return Pages{
		ID: ours + "links", Origins: origins, Methods: []string{"GET", "HEAD", "PUT"}, Headers: []string{"content-type", "range", "x-amz-*"},
		Exposed: []string{"Accept-Ranges", "Content-Disposition", "Content-Range", "ETag"}, Seconds: 600,
	}
}

// Guard is what the policy of a bucket depends on.
type Guard struct {
	Bucket     string
	TLS        bool   // our own requests are encrypted on their way, so those of others can be held to it
	Encryption string // "AES256", "aws:kms", or "" if the store is not asked to encrypt
}

// statement is one of a policy, ours or not.
type statement map[string]any

func (g Guard) statements() []statement {
	all := []string{"arn:aws:s3:::" + g.Bucket, "arn:aws:s3:::" + g.Bucket + "/*"}
	var list []statement
	if g.TLS {
		list = append(list, statement{
			"Sid": ourSid + "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": all,
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		})
	}
	if g.Encryption != "" { // the parts of an upload do not say it, so who says nothing gets what the bucket does by itself
		const header = "s3:x-amz-server-side-encryption"
		list = append(list, statement{
			"Sid": ourSid + "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": all[1:],
			"Condition": map[string]any{"StringNotEquals": map[string]any{header: g.Encryption}, "Null": map[string]any{header: "false"}},
		})
	}
	return list
}

// Merge gives the policy as it should be: the statements of others as they are, and ours. It says whether it is so
// already. With nothing of ours to be said it is empty.
//
// Faults: Invalid "policy_unreadable".
func (g Guard) Merge(now string) (then string, same bool, err error) {
	wanted := g.statements()
	if len(wanted) == 0 {
		return "", true, nil
	}
	policy := map[string]any{"Version": "2012-10-17"}
	var others, own []statement
	if now != "" {
		if err := json.Unmarshal([]byte(now), &policy); err != nil {
			return "", false, fault.New(fault.Invalid, "policy_unreadable", "The policy of the bucket cannot be read.").Because(err)
		}
		for _, s := range list(policy["Statement"]) {
			one, _ := s.(map[string]any)
			if sid, _ := one["Sid"].(string); strings.HasPrefix(sid, ourSid) {
				own = append(own, one)
			} else {
				others = append(others, one)
			}
		}
	}
	policy["Statement"] = append(others, wanted...)
	text, err := json.MarshalIndent(policy, "", "  ")
	return string(text), plain(own) == plain(wanted), err
}

// plain writes statements so that those that mean the same look the same: stores write one value or a list of one,
// texts or booleans, everybody as "*" or as an account, in an order of their own.
func plain(statements []statement) string {
	var all []string
	for _, s := range statements {
		normal := map[string]any{}
		for name, value := range s {
			normal[name] = flat(value)
		}
		text, _ := json.Marshal(normal) // it came from JSON, or is ours
		all = append(all, string(text))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func flat(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if who, account := v["AWS"]; account && len(v) == 1 {
			return flat(who)
		}
		out := map[string]any{}
		for name, inner := range v {
			out[name] = flat(inner)
		}
		return out
	case bool:
		if v {
			return []string{"true"}
		}
		return []string{"false"}
	}
	var texts []string
	for _, one := range list(value) {
		switch v := one.(type) {
		case string:
			texts = append(texts, v)
		case bool:
			texts = append(texts, flat(v).([]string)...) // it is one, see above
		}
	}
	slices.Sort(texts)
	return texts
}

// list takes one thing as a list of one.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	case []string:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = one
		}
		return out
	}
	return []any{value}
}

// Names lists the settings in the order in which they are shown and made.
var Names = []string{Uploads, Old, Trials, Policy, CORS}

// Unsupported says whether this is what a store answers that does not know a setting, or not with these words.
func Unsupported(code string) bool {
	return slices.Contains([]string{"NotImplemented", "MethodNotAllowed", "MalformedXML", "MalformedPolicy"}, code)
}

// Why a setting is left out.
const (
	NothingToDemand = "STORAGE_URL asks for neither TLS nor encryption, so nobody else is held to them"
	NoPages         = "CORS_ORIGINS names no pages"
)

// String says for people what a rule does.
func (r Rule) String() string {
	var does []string
	if r.AbortDays > 0 {
		does = append(does, fmt.Sprintf("parts of uploads that nobody finished go after %d day", r.AbortDays))
	}
	if r.OldDays > 0 {
		does = append(does, fmt.Sprintf("versions of objects that were replaced or removed go after %d days", r.OldDays))
	}
	if r.ExpiresDays > 0 {
		does = append(does, fmt.Sprintf("objects under %s go after %d day", r.Prefix, r.ExpiresDays))
	}
	return "lifecycle rule " + r.ID + ": " + strings.Join(does, "; ")
}

// String says for people what pages may do.
func (p Pages) String() string {
	sorted := func(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }
	return fmt.Sprintf("CORS rule %s: pages of %s may %s with the headers %s and read %s, for %d s", p.ID, sorted(p.Origins), sorted(p.Methods), sorted(p.Headers), sorted(p.Exposed), p.Seconds)
}
