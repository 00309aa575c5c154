package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// UserChanges is what a PATCH of a user asks for: nil fields stay as they are; empty values clear.
type UserChanges struct {
	Email, First, Last                    *string
	Addr1, Addr2, City, State, ZIP        *string
	Telephone                             *string
	NPI                                   *npi.NPI
	ReferredBy                            *string
	Type                                  *permission.UserType
	MessagePref                           *int
	StatesLicensed, Timezone, Credentials *string
	LastLogin                             *time.Time
	InsuranceEnds                         *civil.Date
	TaxID                                 *surgical.PHI
	Tier                                  *pay.Tier
	Active                                *bool
	Cap                                   *int
	Documents                             *[]UserDocument // take the place of those that clients upload elsewhere
}

// Asks says whether anything is asked for.
func (ch UserChanges) Asks() bool { return ch != UserChanges{} }

// rankFields are what no one may set for himself. Source: spec/decisions.md 2.6 and 2.7.
var rankFields = []string{"user_type", "user_tier", "active", "max_case_status"}

// Differing names the fields that differ from what is asked for, in the order of the old product's
// model.
func (u *User) Differing(ch UserChanges) []string {
	fields := []string{}
	note := func(name string, differs bool) {
		if differs {
			fields = append(fields, name)
		}
	}
	note("user_email", differs(ch.Email, u.Email))
	note("first_name", differs(ch.First, u.First))
	note("last_name", differs(ch.Last, u.Last))
	note("addr1", differs(ch.Addr1, u.Addr1))
	note("addr2", differs(ch.Addr2, u.Addr2))
	note("city", differs(ch.City, u.City))
	note("state", differs(ch.State, u.State))
	note("zipcode", differs(ch.ZIP, u.ZIP))
	note("telephone", differs(ch.Telephone, u.Telephone))
	note("user_npi", differs(ch.NPI, u.NPI))
	note("referred_by_user", differs(ch.ReferredBy, u.ReferredBy))
	note("user_type", differs(ch.Type, u.Type))
	note("message_pref", differs(ch.MessagePref, u.MessagePref))
	note("states_licensed", differs(ch.StatesLicensed, u.StatesLicensed))
	note("timezone", differs(ch.Timezone, u.Timezone))
	note("last_login_dt", ch.LastLogin != nil && !ch.LastLogin.Equal(u.LastLoginAt))
	note("credentials", differs(ch.Credentials, u.Credentials))
	note("ins_exp_date", differs(ch.InsuranceEnds, u.InsuranceEnds))
	note("tax_id", ch.TaxID != nil && !ch.TaxID.Equal(u.TaxID))
	note("user_tier", differs(ch.Tier, u.Tier))
	note("active", differs(ch.Active, u.Active))
	note("max_case_status", differs(ch.Cap, u.Cap))
	note("documents", ch.Documents != nil && !slices.EqualFunc(u.keeping(*ch.Documents), u.Documents, sameDocument))
	return fields
}

func differs[T comparable](asked *T, held T) bool { return asked != nil && *asked != held }

func sameDocument(a, b UserDocument) bool { return a.Type == b.Type && a.Name.Equal(b.Name) }

// RankOnly keeps the fields that rank a user.
func RankOnly(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return !slices.Contains(rankFields, f) })
}

// MayChange says whether the actor may change these fields of the user as asked.
//
// Faults: Forbidden "not_your_data", "not_allowed", "not_on_yourself", "user_type_too_high";
// NotFound "user_not_found" if he may not even see the user; Invalid with fields.
func (u *User) MayChange(by permission.Actor, ch UserChanges, fields []string) error {
	if err := permission.CheckSee(by, u.ID, u.Type); err != nil {
		return err
	}
	if err := permission.CheckManage(by, permission.EditProfile, u.ID, u.Type); err != nil {
		return err
	}
	if len(RankOnly(fields)) == 0 {
		return nil
	}
	if err := permission.CheckManage(by, permission.RankUser, u.ID, u.Type); err != nil {
		return err
	}
	if err := permission.CheckNotSelf(by, u.ID); err != nil {
		return err
	}
	next := *u
	next.overwriteRank(ch, u.UpdatedAt)
	if next.Type != u.Type {
		if err := permission.CheckGive(by, next.Type); err != nil {
			return err
		}
	}
	return CheckRank(next.Type, next.Tier, next.Cap)
}

// Apply makes the changes that MayChange has allowed.
func (u *User) Apply(ch UserChanges, now time.Time) {
	if differs(ch.NPI, u.NPI) {
		u.Registry = Finding{}
	}
	set(&u.Email, ch.Email)
	set(&u.First, ch.First)
	set(&u.Last, ch.Last)
	set(&u.Addr1, ch.Addr1)
	set(&u.Addr2, ch.Addr2)
	set(&u.City, ch.City)
	set(&u.State, ch.State)
	set(&u.ZIP, ch.ZIP)
	set(&u.Telephone, ch.Telephone)
	set(&u.NPI, ch.NPI)
	set(&u.ReferredBy, ch.ReferredBy)
	set(&u.MessagePref, ch.MessagePref)
	set(&u.StatesLicensed, ch.StatesLicensed)
	set(&u.Timezone, ch.Timezone)
	set(&u.Credentials, ch.Credentials)
	set(&u.LastLoginAt, ch.LastLogin)
	set(&u.InsuranceEnds, ch.InsuranceEnds)
	set(&u.TaxID, ch.TaxID)
	if ch.Documents != nil {
		u.Documents = u.keeping(*ch.Documents)
	}
	u.overwriteRank(ch, now)
	u.UpdatedAt = now
}

// keeping gives the documents as asked for. What is there already stays as it is known, in its place; what
// was uploaded to us stays even if it is not asked for, because a list of names must not destroy content.
func (u *User) keeping(asked []UserDocument) []UserDocument {
	fresh := slices.Clone(asked)
	var documents []UserDocument
	for _, held := range u.Documents {
		at := slices.IndexFunc(fresh, func(d UserDocument) bool { return sameDocument(d, held) })
		if at >= 0 {
			fresh = slices.Delete(fresh, at, at+1)
		}
		if at >= 0 || held.Stored {
			documents = append(documents, held)
		}
	}
	return append(documents, fresh...)
}

func (u *User) overwriteRank(ch UserChanges, now time.Time) {
	set(&u.Type, ch.Type)
	set(&u.Tier, ch.Tier)
	set(&u.Cap, ch.Cap)
	switch {
	case !differs(ch.Active, u.Active):
	case *ch.Active:
		u.Active, u.DeactivatedAt = true, time.Time{}
	default:
		u.Deactivate(now)
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Contents lists what a digest of the user in the audit trail covers, in a fixed order. It leaves
// out what is encrypted in the database, the tax id and the names of documents: there is no secret
// key per user, and nine digits behind a known key are quickly guessed. That they changed is told by
// the names of the changed fields.
func (u *User) Contents() []string {
	return []string{
		string(u.ID), u.Email, u.First, u.Last, u.Addr1, u.Addr2, u.City, u.State, u.ZIP, u.Telephone, u.NPI.String(), u.ReferredBy,
		strconv.Itoa(u.MessagePref), u.StatesLicensed, u.Timezone, u.Credentials, u.InsuranceEnds.String(),
		strconv.Itoa(int(u.Type)), strconv.Itoa(int(u.Tier)), strconv.Itoa(u.Cap), strconv.FormatBool(u.Active),
	}
}

// Contents lists what a digest of the surgeon in the audit trail covers.
func (s *Surgeon) Contents() []string {
	return append([]string{string(s.Owner), s.First, s.Last, s.NPI.String(), strconv.FormatBool(s.DeletedAt.IsZero())}, s.Address.contents()...)
}

// Contents lists what a digest of the facility in the audit trail covers.
func (f *Facility) Contents() []string {
	return append([]string{string(f.Owner), f.Name, f.NPI.String(), strconv.FormatBool(f.DeletedAt.IsZero())}, f.Address.contents()...)
}

func (a Address) contents() []string { return []string{a.Line, a.City, a.State, a.ZIP} }

// Contents lists what a digest of the group in the audit trail covers.
func (g *Group) Contents() []string {
	parts := []string{g.Description}
	for _, m := range g.Members {
		parts = append(parts, string(m.User)+" "+strconv.FormatBool(m.Admin))
	}
	slices.Sort(parts[1:])
	return []string{parts[0], strings.Join(parts[1:], ",")}
}
