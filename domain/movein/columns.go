package movein

import "slices"

// columns are what is read of each table that is moved in.
var columns = map[string][]string{
	"case_status_list":             {"case_status", "case_status_desc"},
	"user_type_list":               {"user_type", "user_type_desc", "user_max_case_status"},
	"user_doc_type_list":           {"doc_type", "doc_prefix"},
	"faq_list":                     {"user_type", "faq_header", "faq_text", "display_order"},
	"report_email_list":            {"report_name", "email_address", "first_name", "last_name"},
	"procedure_codes":              {"procedure_code", "tier", "code_category", "code_pay_amount"},
	"cpt_codes":                    {"id", "cpt_cat", "cpt_code", "cpt_description"},
	"procedure_codes_desc":         {"procedure_code", "procedure_desc", "code_category"},
	"user_profile":                 userColumns,
	"deleted_users":                userColumns,
	"user_documents":               documentColumns,
	"deleted_user_documents":       documentColumns,
	"surgeon_list":                 surgeonColumns,
	"deleted_surgeons":             surgeonColumns,
	"facility_list":                facilityColumns,
	"deleted_facilities":           facilityColumns,
	"group_list":                   {"group_id", "group_desc"},
	"groups":                       {"group_id", "group_desc"},
	"user_groups":                  {"user_id", "group_id", "group_admin"},
	"cases":                        caseColumns,
	"deleted_cases":                caseColumns,
	"case_procedure_codes":         {"case_id", "procedure_code"},
	"deleted_case_procedure_codes": {"case_id", "procedure_code"},
}

var (
	userColumns = []string{
		"user_id", "user_email", "first_name", "last_name", "addr1", "addr2", "city", "state", "zipcode", "telephone", "user_npi", "referred_by_user",
		"message_pref", "states_licensed", "timezone", "credentials", "ins_exp_date", "user_type", "user_tier", "max_case_status", "active",
		"last_login_dt", "create_ts", "last_updated_ts",
	}
	documentColumns = []string{"user_id", "document_type", "document_name"}
	surgeonColumns  = []string{"surgeon_id", "user_id", "first_name", "last_name", "surgeon_npi", "surgeon_addr", "surgeon_city", "surgeon_state", "surgeon_zip"}
	facilityColumns = []string{"facility_id", "user_id", "facility_name", "facility_npi", "facility_addr", "facility_city", "facility_state", "facility_zip"}
	caseColumns     = []string{
		"case_id", "human_case_id", "user_id", "case_date", "patient_first", "patient_last", "patient_dob", "ins_provider", "surgeon_id", "facility_id",
		"case_create_ts", "case_updated_ts", "case_status", "pay_amount", "pay_category", "demo_file", "note_file", "misc_file", "admin_file", "active",
		"phi_encrypted", "submitted_ts", "pending_payment_ts", "paid_to_provider_ts", "sent_to_biller_ts", "received_pmnt_ts", "sent_to_negotiation_ts",
		"settled_ts", "sent_to_idr_ts", "idr_decision_ts", "rejected_ts", "closed_ts",
	}
)

// IsMoved says whether a table is moved in, by itself or together with another.
func IsMoved(table string) bool { return columns[table] != nil }

// Unread gives those of a table's columns that are left alone.
func Unread(table string, have []string) []string {
	return slices.DeleteFunc(slices.Clone(have), func(column string) bool { return slices.Contains(columns[table], column) })
}
