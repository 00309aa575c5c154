package movein

import (
	"strconv"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/mail"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Price reads a row of procedure_codes: what a tier is paid for a code.
func Price(rec Record) Moved[pay.Row] {
	r := &reader{Record: rec, id: rec.Text("procedure_code") + "/" + rec.Text("tier")}
	code, err := pay.ParseCode(strings.TrimSpace(rec.Text("procedure_code")))
	if err != nil {
		r.hold("procedure_code", "code_not_valid")
		return result(r, pay.Row{})
	}
	tier, err := pay.ParseTier(orElse(rec.Text("tier"), "1"))
	if err != nil {
		r.hold("tier", "tier_not_valid")
		return result(r, pay.Row{})
	}
	amount, ok := ParseAmount(orElse(rec.Text("code_pay_amount"), "0"))
	if !ok || amount < 0 || amount > pay.MaxAmount {
		r.hold("code_pay_amount", "amount_not_valid")
		return result(r, pay.Row{})
	}
	return result(r, pay.Row{Tier: tier, Code: code, Category: r.line("code_category", pay.MaxCategory), Amount: amount})
}

// CodeKind is the code system under which the old catalogue is kept here.
const CodeKind = "cpt"

// Code reads a row of cpt_codes or procedure_codes_desc: an entry of the practice's own catalogue.
func Code(rec Record) Moved[directory.ProcedureCode] {
	column, text, category := "cpt_code", "cpt_description", "cpt_cat"
	if rec.Table != "cpt_codes" {
		column, text, category = "procedure_code", "procedure_desc", "code_category"
	}
	r := &reader{Record: rec, id: rec.Text(column)}
	code, err := pay.ParseCode(strings.TrimSpace(rec.Text(column)))
	if err != nil {
		r.hold(column, "code_not_valid")
		return result(r, directory.ProcedureCode{})
	}
	return result(r, directory.ProcedureCode{
		Code: string(code), Kind: CodeKind, Description: r.line(text, 2500), Category: r.line(category, 20),
	})
}

// StatusLabel reads a row of case_status_list. Statuses that are not among ours have no label.
func StatusLabel(rec Record) Moved[directory.StatusLabel] {
	r := &reader{Record: rec, id: rec.Text("case_status")}
	n, err := strconv.Atoi(r.id)
	if err == nil {
		_, err = surgical.ParseStatus(n)
	}
	if err != nil {
		r.hold("case_status", "status_unknown")
	}
	return result(r, directory.StatusLabel{Status: surgical.Status(n), Label: r.line("case_status_desc", 200)})
}

// UserTypeLabel reads a row of user_type_list.
func UserTypeLabel(rec Record) Moved[directory.UserTypeLabel] {
	r := &reader{Record: rec, id: rec.Text("user_type")}
	n, err := strconv.Atoi(r.id)
	if err != nil || n < int(permission.Provider) || n > int(directory.MaxUserType) {
		r.hold("user_type", "type_unknown")
		return result(r, directory.UserTypeLabel{})
	}
	top := 0
	if rec.Text("user_max_case_status") != "" {
		renamed := &reader{Record: Record{Table: rec.Table, Values: map[string]surgical.PHI{"max_case_status": rec.Values["user_max_case_status"]}}, id: r.id}
		top = renamed.cap()
		r.findings = append(r.findings, renamed.findings...)
	}
	return result(r, directory.UserTypeLabel{Type: permission.UserType(n), Label: r.line("user_type_desc", 100), MaxStatus: top})
}

// DocType reads a row of user_doc_type_list.
func DocType(rec Record) Moved[directory.DocType] {
	r := &reader{Record: rec, id: rec.Text("doc_type")}
	d := directory.DocType{Name: r.line("doc_type", 100), Prefix: r.line("doc_prefix", 25)}
	if d.Name == "" {
		r.hold("doc_type", "empty")
	}
	return result(r, d)
}

// Recipient reads a row of report_email_list: somebody who gets reports by mail.
func Recipient(rec Record, now time.Time) Moved[mail.Recipient] {
	r := &reader{Record: rec, id: rec.Text("report_name") + "/" + rec.Text("email_address")}
	list, err := mail.ParseList(strings.TrimSpace(rec.Text("report_name")))
	if err != nil {
		r.hold("report_name", "report_unknown")
		return result(r, mail.Recipient{})
	}
	address, err := directory.ParseEmail(strings.TrimSpace(rec.Text("email_address")))
	if err != nil {
		r.hold("email_address", "email_not_valid")
		return result(r, mail.Recipient{})
	}
	return result(r, mail.Recipient{
		List: list, Address: address, First: r.name("first_name", mail.MaxName), Last: r.name("last_name", mail.MaxName), CreatedAt: now,
	})
}

// FAQ reads a row of faq_list.
func FAQ(rec Record) Moved[directory.FAQ] {
	r := &reader{Record: rec, id: rec.Text("user_type") + "/" + rec.Text("display_order")}
	f := directory.FAQ{
		Type: permission.UserType(r.number("user_type", 1, int(directory.MaxUserType), 1)), Header: r.line("faq_header", 500),
		Text: strings.TrimSpace(rec.Text("faq_text")), Order: r.number("display_order", 0, 100_000, 0),
	}
	return result(r, f)
}
