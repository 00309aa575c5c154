package directory

import "surgicase/domain/npi"

// Complete fills in what is missing from the record of the surgeon's NPI, spelled for people. The record
// of an organization, or of an NPI that is no longer in use, says nothing about a surgeon.
func (s *Surgeon) Complete(r npi.Record) {
	if r.Kind != npi.Individual || r.NPI != s.NPI || !r.Active() {
		return
	}
	first, last := ProperPerson(r.First, r.Last)
	fill(&s.First, first)
	fill(&s.Last, last)
	s.Address.complete(r.Address)
}

// Missing names the fields that a surgeon must have and has not.
func (s *Surgeon) Missing() []string {
	return append(blanks(map[string]string{"first_name": s.First, "last_name": s.Last}, "first_name", "last_name"), s.Address.missing("surgeon")...)
}

// Complete fills in what is missing from the record of the facility's NPI, spelled for people.
func (f *Facility) Complete(r npi.Record) {
	if r.Kind != npi.Organization || r.NPI != f.NPI || !r.Active() {
		return
	}
	fill(&f.Name, ProperFacility(r.Organization))
	f.Address.complete(r.Address)
}

// Missing names the fields that a facility must have and has not.
func (f *Facility) Missing() []string {
	return append(blanks(map[string]string{"facility_name": f.Name}, "facility_name"), f.Address.missing("facility")...)
}

// complete takes over what is valid here: registries hold addresses abroad, too.
func (a *Address) complete(r npi.Address) {
	fill(&a.Line, ProperAddress(r.Line))
	fill(&a.City, ProperName(r.City))
	if state, err := ParseState(r.State); err == nil {
		fill(&a.State, state)
	}
	if zip, err := ParseZIP(r.ZIP); err == nil {
		fill(&a.ZIP, zip)
	}
}

func (a Address) missing(prefix string) []string {
	names := []string{prefix + "_addr", prefix + "_city", prefix + "_state", prefix + "_zip"}
	return blanks(map[string]string{names[0]: a.Line, names[1]: a.City, names[2]: a.State, names[3]: a.ZIP}, names...)
}

// blanks names the fields that are empty, in the order given.
func blanks(values map[string]string, order ...string) []string {
	var missing []string
	for _, name := range order {
		if values[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

func fill(to *string, from string) {
	if *to == "" {
		*to = from
	}
}
