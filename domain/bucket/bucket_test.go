package bucket_test

import (
	"strings"
	"testing"

	"surgicase/domain/bucket"
	"surgicase/domain/fault"
)

// asMinIOSays is our policy as MinIO gives it back.
const asMinIOSays = `{"Version":"2012-10-17","Statement":[{"Sid":"SurgiCaseOnlyTLS","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["s3:*"],` +
	`"Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}},{"Sid":"SurgiCaseOnlyEncrypted","Effect":"Deny",` +
	`"Principal":{"AWS":["*"]},"Action":["s3:PutObject"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"Null":{"s3:x-amz-server-side-encryption":[false]},` +
	`"StringNotEquals":{"s3:x-amz-server-side-encryption":["AES256"]}}}]}`

const foreign = `{"Sid":"Auditors","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}`

func TestOurStatementsStandBesideThoseOfOthers(t *testing.T) {
	guard := bucket.Guard{Bucket: "b", TLS: true, Encryption: "AES256"}
	for what, is := range map[string]struct {
		now  string
		same bool
		has  []string
	}{
		"none":              {"", false, []string{"SurgiCaseOnlyTLS", "SurgiCaseOnlyEncrypted", `"aws:SecureTransport": "false"`}},
		"others'":           {`{"Version":"2012-10-17","Id":"theirs","Statement":` + foreign + `}`, false, []string{"Auditors", "SurgiCaseOnlyTLS", "theirs"}},
		"ours of another":   {strings.ReplaceAll(asMinIOSays, "AES256", "aws:kms"), false, []string{"AES256"}},
		"ours":              {asMinIOSays, true, nil},
		"ours and others'":  {strings.Replace(asMinIOSays, "[{", "["+foreign+",{", 1), true, []string{"Auditors"}},
		"one of ours is no": {strings.Replace(asMinIOSays, "SurgiCaseOnlyTLS", "Other", 1), false, []string{"Other", "SurgiCaseOnlyTLS"}},
	} {
		t.Run(what, func(t *testing.T) {
			then, same, err := guard.Merge(is.now)
			if err != nil || same != is.same {
				t.Fatalf("%t, %v", same, err)
			}
			for _, text := range is.has {
				if strings.Count(then, text) != 1 {
					t.Errorf("%q is there %d times in %s", text, strings.Count(then, text), then)
				}
			}
			if _, again, err := guard.Merge(then); err != nil || !again {
				t.Errorf("once it is set: %t, %v", again, err)
			}
		})
	}
}

func TestNobodyIsLockedOut(t *testing.T) {
	if then, same, err := (bucket.Guard{Bucket: "b"}).Merge(""); then != "" || !same || err != nil {
		t.Errorf("%s, %t, %v", then, same, err)
	}
	if then, _, _ := (bucket.Guard{Bucket: "b", Encryption: "aws:kms"}).Merge(""); strings.Contains(then, "SecureTransport") {
		t.Errorf("our own requests would be refused: %s", then)
	}
	if _, _, err := (bucket.Guard{Bucket: "b", TLS: true}).Merge("{"); fault.CodeOf(err) != "policy_unreadable" {
		t.Errorf("%v", err)
	}
}

func TestNoRuleTakesWhatTheProgramKeeps(t *testing.T) {
	for name, rule := range bucket.Rules() {
		for _, kept := range []string{"private/x", "reports/x", "exports/quickbooks/x", "backups/x", "checkpoints/x"} {
			if rule.ExpiresDays > 0 && strings.HasPrefix(kept, rule.Prefix) {
				t.Errorf("%s lets %s go", name, kept)
			}
		}
	}
}
