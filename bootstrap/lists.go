package bootstrap

import (
	"net/url"
	"strings"

	"surgicase/domain/ident"
)

// UserIDs is a list of users. One that names nobody because of a blank would leave that user out of the list, and
// whoever is never to be paid would be.
type UserIDs []ident.UserID

// UnmarshalText reads ids, separated by commas.
func (u *UserIDs) UnmarshalText(text []byte) error {
	*u = nil
	for _, part := range listed(text) {
		id, err := ident.ParseUserID(part)
		if err != nil || strings.ContainsAny(part, ` ;"`) {
			return holds(string(text), "user ids, separated by commas")
		}
		*u = append(*u, id)
	}
	return nil
}

// Origins is where pages come from that browsers may call us with.
type Origins []string

// UnmarshalText reads origins, separated by commas.
func (o *Origins) UnmarshalText(text []byte) error {
	*o = nil
	for _, part := range listed(text) {
		if !isOrigin(part) {
			return holds(string(text), "origins as browsers send them, such as https://app.example.com, separated by commas")
		}
		*o = append(*o, part)
	}
	return nil
}

// isOrigin says whether a browser would send it just so: it is compared byte for byte.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || strings.Contains(text, "*") {
		return false
	}
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return text == strings.ToLower(u.Scheme+"://"+u.Host) && (u.Port() == "" || u.Port() != usual)
}

// listed takes apart what is separated by commas, without blanks and empty parts.
func listed(text []byte) (parts []string) {
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
