package movein

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/document"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Moved is what a row becomes here, and what there is to say about it. Held rows become nothing.
type Moved[T any] struct {
	Thing    T
	Held     bool
	Findings []Finding
}

func result[T any](r *reader, thing T) Moved[T] {
	return Moved[T]{Thing: thing, Held: r.held, Findings: r.findings}
}

// User reads a row of user_profile or deleted_users with the rows of his documents. Gone ones are
// inactive: their cases stay and are still paid.
func User(rec Record, documents []Record, gone bool, now time.Time) Moved[directory.User] {
	r := &reader{Record: rec, id: rec.Text("user_id")}
	id, err := ident.ParseUserID(r.id)
	if err != nil || strings.HasPrefix(r.id, "system:") {
		r.hold("user_id", "id_not_valid")
		return result(r, directory.User{})
	}
	u := directory.User{
		ID: id, Email: parsed(r, "user_email", "email_not_valid", directory.ParseEmail),
		First: r.name("first_name", 250), Last: r.name("last_name", 250), Addr1: r.line("addr1", 250), Addr2: r.line("addr2", 250),
		City: r.line("city", 250), State: parsed(r, "state", "state_not_valid", directory.ParseState),
		ZIP:       parsed(r, "zipcode", "zip_not_valid", directory.ParseZIP),
		Telephone: parsed(r, "telephone", "telephone_not_valid", directory.ParsePhone),
		NPI:       parsed(r, "user_npi", "npi_not_valid", npi.Parse), ReferredBy: r.name("referred_by_user", 100),
		MessagePref: r.number("message_pref", 0, 3, 0), StatesLicensed: r.line("states_licensed", 500),
		Timezone:    parsed(r, "timezone", "timezone_not_valid", directory.ParseTimezone),
		Credentials: r.line("credentials", 100), InsuranceEnds: r.day("ins_exp_date"), TaxID: surgical.PHI{},
		Type: r.userType(), Tier: pay.Tier(r.number("user_tier", 1, int(pay.MaxTier), 1)), Cap: r.cap(),
		Active: !gone && r.flag("active"), LastLoginAt: r.when("last_login_dt"),
	}
	u.CreatedAt = orElse(r.when("create_ts"), now)
	u.UpdatedAt = orElse(r.when("last_updated_ts"), u.CreatedAt)
	if !u.Active {
		u.DeactivatedAt = u.UpdatedAt
	}
	for _, d := range documents {
		u.Documents = append(u.Documents, r.document(id, d)...)
	}
	return result(r, u)
}

// userType never raises anybody: the old service also had hidden types from 1,000 on.
func (r *reader) userType() permission.UserType {
	return permission.UserType(r.number("user_type", int(permission.Provider), int(directory.MaxUserType), int(permission.Provider)))
}

// cap reads max_case_status: the statuses that are gone count as what they become here.
func (r *reader) cap() int {
	n := r.number("max_case_status", 0, int(surgical.Closed), permission.DefaultCap)
	if n == 0 || slices.Contains(surgical.Statuses, surgical.Status(n)) {
		return n
	}
	known := surgical.Draft
	for _, s := range surgical.Statuses {
		if int(s) < n {
			known = s
		}
	}
	r.note(Changed, "max_case_status", "status_unknown", strconv.Itoa(int(known)))
	return int(known)
}

// document reads a row of user_documents. A name that is a whole key stays that key.
func (r *reader) document(owner ident.UserID, rec Record) []directory.UserDocument {
	d := &reader{Record: rec, id: r.id}
	defer func() { r.findings = append(r.findings, d.findings...) }()
	text := d.Text("document_name")
	key := strings.TrimPrefix(text, "/")
	whole := key != text || strings.HasPrefix(text, "private/")
	name, err := document.ParseStoredName(key[strings.LastIndex(key, "/")+1:])
	own := strings.HasPrefix(key, "private/user-documents/"+string(owner)+"/") && !strings.Contains(key, "..")
	switch {
	case err != nil, !whole && strings.Contains(text, "/"), whole && !own: // it would reach into another's folder
		d.note(Damaged, "document_name", "file_name_not_valid", "")
		return nil
	}
	return []directory.UserDocument{{Type: d.line("document_type", 100), Name: name, Key: directory.DocumentKey(owner, name)}}
}

// People finds users by what the old service took for the same id.
type People map[string]ident.UserID

// owner finds whose row it is. The old service had no foreign keys: he may not exist.
func (p People) owner(r *reader) ident.UserID {
	text := r.Text("user_id")
	id, ok := p[Fold(text)]
	switch {
	case !ok:
		r.hold("user_id", "owner_unknown")
	case string(id) != text:
		r.note(Changed, "user_id", "letter_case", string(id))
	}
	return id
}

// Surgeon reads a row of surgeon_list or deleted_surgeons.
func Surgeon(rec Record, people People, gone bool, now time.Time) Moved[directory.Surgeon] {
	r := &reader{Record: rec, id: rec.Text("surgeon_id")}
	s := directory.Surgeon{
		ID: r.key("surgeon_id"), First: r.name("first_name", 250), Last: r.name("last_name", 250), NPI: r.npi("surgeon_npi"),
		Address: r.address("surgeon"), CreatedAt: now, DeletedAt: goneAt(gone, now),
	}
	s.Owner = people.owner(r)
	return result(r, s)
}

// Facility reads a row of facility_list or deleted_facilities.
func Facility(rec Record, people People, gone bool, now time.Time) Moved[directory.Facility] {
	r := &reader{Record: rec, id: rec.Text("facility_id")}
	f := directory.Facility{
		ID: r.key("facility_id"), Name: r.name("facility_name", 1000), NPI: r.npi("facility_npi"),
		Address: r.address("facility"), CreatedAt: now, DeletedAt: goneAt(gone, now),
	}
	f.Owner = people.owner(r)
	return result(r, f)
}

func goneAt(gone bool, now time.Time) time.Time {
	if gone {
		return now
	}
	return time.Time{}
}

func (r *reader) key(column string) int64 {
	n, err := strconv.ParseInt(r.Text(column), 10, 64)
	if err != nil || n < 1 {
		r.note(Damaged, column, "id_not_valid", "")
		return 0
	}
	return n
}

func (r *reader) address(of string) directory.Address {
	return directory.Address{
		Line: r.line(of+"_addr", 100), City: r.line(of+"_city", 50),
		State: parsed(r, of+"_state", "state_not_valid", directory.ParseState), ZIP: parsed(r, of+"_zip", "zip_not_valid", directory.ParseZIP),
	}
}

// Group reads a row of group_list or groups with its memberships.
func Group(rec Record, members []Record, people People) Moved[directory.Group] {
	r := &reader{Record: rec, id: rec.Text("group_id")}
	g := directory.Group{ID: r.key("group_id"), Description: r.name("group_desc", 500)}
	for _, row := range members {
		m := &reader{Record: row, id: r.id}
		user := people.owner(m)
		if !m.held {
			if added, _ := g.SetMember(directory.Membership{User: user, Admin: m.flag("group_admin")}); !added {
				m.note(Changed, "user_id", "member_twice", "")
			}
		}
		r.findings = append(r.findings, m.findings...)
	}
	return result(r, g)
}
