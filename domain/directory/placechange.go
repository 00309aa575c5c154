package directory

import (
	"slices"

	"surgicase/domain/ident"
	"surgicase/domain/npi"
)

// AddressChanges asks for parts of an address to be changed; nil fields stay as they are.
type AddressChanges struct{ Line, City, State, ZIP *string }

func (a *Address) apply(prefix string, ch AddressChanges) []string {
	var fields []string
	fields = change(fields, prefix+"_addr", &a.Line, ch.Line)
	fields = change(fields, prefix+"_city", &a.City, ch.City)
	fields = change(fields, prefix+"_state", &a.State, ch.State)
	return change(fields, prefix+"_zip", &a.ZIP, ch.ZIP)
}

// SurgeonChanges is what a PATCH of a surgeon asks for; nil fields stay as they are.
type SurgeonChanges struct {
	First, Last *string
	NPI         *npi.NPI
	Address     AddressChanges
}

// Asks says whether anything is asked for.
func (ch SurgeonChanges) Asks() bool { return ch != SurgeonChanges{} }

// Apply changes the surgeon and names the fields that changed.
func (s *Surgeon) Apply(ch SurgeonChanges) []string {
	if differs(ch.NPI, s.NPI) {
		s.Registry = Finding{}
	}
	fields := change([]string{}, "first_name", &s.First, ch.First)
	fields = change(fields, "last_name", &s.Last, ch.Last)
	fields = change(fields, "surgeon_npi", &s.NPI, ch.NPI)
	return append(fields, s.Address.apply("surgeon", ch.Address)...)
}

// FacilityChanges is what a PATCH of a facility asks for; nil fields stay as they are.
type FacilityChanges struct {
	Name    *string
	NPI     *npi.NPI
	Address AddressChanges
}

// Asks says whether anything is asked for.
func (ch FacilityChanges) Asks() bool { return ch != FacilityChanges{} }

// Apply changes the facility and names the fields that changed.
func (f *Facility) Apply(ch FacilityChanges) []string {
	if differs(ch.NPI, f.NPI) {
		f.Registry = Finding{}
	}
	fields := change([]string{}, "facility_name", &f.Name, ch.Name)
	fields = change(fields, "facility_npi", &f.NPI, ch.NPI)
	return append(fields, f.Address.apply("facility", ch.Address)...)
}

// change sets what differs and notes its name.
func change[T comparable](fields []string, name string, to *T, from *T) []string {
	if !differs(from, *to) {
		return fields
	}
	*to = *from
	return append(fields, name)
}

// SetMember adds a membership or changes its admin mark. It says whether it is a new one, and
// whether anything changed.
func (g *Group) SetMember(m Membership) (added, changed bool) {
	i := g.member(m.User)
	if i < 0 {
		g.Members = append(g.Members, m)
		return true, true
	}
	changed = g.Members[i].Admin != m.Admin
	g.Members[i].Admin = m.Admin
	return false, changed
}

// RemoveMember ends a membership and says whether there was one.
func (g *Group) RemoveMember(user ident.UserID) bool {
	i := g.member(user)
	if i < 0 {
		return false
	}
	g.Members = slices.Delete(g.Members, i, i+1)
	return true
}

func (g *Group) member(user ident.UserID) int {
	return slices.IndexFunc(g.Members, func(m Membership) bool { return m.User == user })
}
