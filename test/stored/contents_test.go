package stored

import (
	"testing"

	"surgicase/domain/accounting"
	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/mail"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/domain/support"
	"surgicase/domain/surgical"
	"surgicase/test/given"
)

// fullCase is a case with a value in everything that a digest covers.
func fullCase() *surgical.Case {
	c := given.Case("c-1", "dr-a")
	c.SurgeonID, c.FacilityID, c.DeletedAt = 7, 8, given.Morning
	c.Codes = append(c.Codes, surgical.Code{Procedure: "Z9002"})
	c.Status, c.Generation, c.Payment = surgical.PendingPayment, 2, surgical.PaymentOpen
	for _, kind := range surgical.FileKinds {
		c.Files[kind] = surgical.File{Name: surgical.NewPHI(string(kind) + ".pdf")}
	}
	return c
}

// noteContents notes the digests that the audit log keeps of things before and after a change.
func noteContents(t *testing.T, note func(string, []byte)) {
	t.Helper()
	key, c := []byte("0123456789abcdef"), fullCase()
	scopes, err := permission.ParseTokenScopes([]string{"cases:read", "admin"})
	if err != nil {
		t.Fatal(err)
	}
	token := directory.Token{Owner: "dr-a", Name: "laptop", Scopes: scopes, ExpiresAt: given.Morning}
	bug := support.Bug{
		Title: "It is slow", Description: "Very.", Page: "/cases", Priority: "high", Status: support.Open,
		Reporter: "dr-a", RequestID: "req-1",
	}
	weekly := mail.ListOf(mail.PaymentReport, mail.Weekly)
	recipient := mail.Recipient{List: weekly, Address: "a@example.com", First: "Alex", Last: "Example"}
	members := []directory.Membership{{User: "dr-b"}, {User: "dr-a", Admin: true}}
	group := directory.Group{Description: "North", Members: members}
	for name, contents := range map[string][]string{
		"case": c.Contents(), "case in a move": c.Standing.Contents(),
		"user":    given.User("dr-a", permission.Provider).Contents(),
		"surgeon": given.Surgeon("dr-a").Contents(), "facility": given.Facility("dr-a").Contents(), "group": group.Contents(),
		"token": token.Contents(), "bug": bug.Contents(), "recipient": recipient.Contents(),
	} {
		note("audit digest: "+name, audit.Digest(key, contents...))
	}
}

// noteTexts notes digests without a key of the key set.
func noteTexts(t *testing.T, note func(string, []byte)) {
	t.Helper()
	phi, key := surgical.NewPHI, []byte("0123456789abcdef")
	c := given.Case("c-1", "dr-a")
	c.Patient.First, c.Patient.Last = phi("  Zoë-Ann "), phi("O'NEILL  Straße")
	note("duplicate text", c.DuplicateText().Digest(key))
	note("duplicate text of programs before", c.FormerDuplicateText().Digest(key))
	note("object key of a client", surgical.KeyFor("dr-a", phi("demo.pdf")).Digest(key))
	note("object key of a client's licence", directory.DocumentKey("dr-a", phi("licence.pdf")).Digest(key))

	text := directory.TokenText([]byte("0123456789abcdefghijklmnopqrstuv"))
	digest, err := directory.DigestToken(text)
	if err != nil {
		t.Fatal(err)
	}
	note("api token: text", []byte(text))
	note("api token: digest", digest)
	user, err := ident.ParseUserID("auth0|507f1f77bcf86cd799439020")
	if err != nil {
		t.Fatal(err)
	}
	note("user id of a subject", []byte(user))
	payee := statement.Payee{ID: "dr-a", First: "Ann", Last: "Providername-Of-More-Than-Forty-Letters"}
	payee.TaxID = phi("123456789")
	note("vendor name with a digest", []byte(accounting.NameVendors(nil, []statement.Payee{payee})["dr-a"]))

	values := map[string]surgical.PHI{"case_id": phi("c-1"), "patient_first": phi("Pat"), "pay_amount": phi("")}
	row := movein.Record{Table: "cases", Values: values}
	part := movein.Record{Table: "case_procedure_codes", Values: map[string]surgical.PHI{"procedure_code": phi("Z9001")}}
	note("row of the legacy service", row.Contents().Digest(key))
	note("row of the legacy service with parts", row.WithParts(part).Digest(key))

	// This one is in memory only: after a change of the fields it covers, its line may be written anew.
	entry := pay.Entry{ID: 3, Kind: pay.Payment, Provider: "dr-a", Amount: 125_050}
	section := statement.Section{Payee: payee, Payments: []statement.Line{{Entry: entry, Patient: c.Patient}}, Owed: 7}
	preview := statement.Statement{Date: civil.Date{Year: 2026, Month: 3, Day: 2}, Sections: []statement.Section{section}}
	sum := preview.Fingerprint(statement.PaymentReport, "dr-a", phi("password"))
	note("fingerprint of a preview", sum[:])
}
