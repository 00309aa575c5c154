package directory

import (
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// User is a person known to the practice: a provider who is paid for cases, or an administrator.
type User struct {
	ID             ident.UserID
	Version        int64
	Email          string
	First, Last    string
	Addr1, Addr2   string
	City           string
	State          string
	ZIP            string
	Telephone      string // ten digits
	NPI            npi.NPI
	ReferredBy     string
	MessagePref    int // 0 none, 1 e-mail, 2 SMS, 3 both
	StatesLicensed string
	Timezone       string // IANA name; empty means America/New_York
	Credentials    string
	InsuranceEnds  civil.Date   // ins_exp_date: when the malpractice insurance expires
	TaxID          surgical.PHI // nine digits
	Type           permission.UserType
	Tier           pay.Tier
	Cap            int // max_case_status; 0 means unset
	Active         bool
	Registry       Finding // about the NPI
	LastLoginAt    time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
	DeactivatedAt  time.Time
	Documents      []UserDocument
	LastDocument   int64 // the highest number that a document of the user ever had
}

// MaxDocuments is how many documents a user may have.
const MaxDocuments = 100

// UserDocument is a document about a user, such as a licence. Its name is treated like patient data.
type UserDocument struct {
	ID         int64 // stays while the document does and is never given again; 0 before it is stored
	Type       string
	Name       surgical.PHI
	Key        surgical.PHI
	Stored     bool
	Size       int64 // this and what follows are known of objects that we stored ourselves
	Media      string
	SHA256     []byte
	UploadedBy ident.UserID
	UploadedAt time.Time
}

// NumberDocuments numbers the documents that are new. A number that was given is never given again, so
// that a request about a document that is gone does not meet another one.
func (u *User) NumberDocuments() {
	for _, d := range u.Documents {
		u.LastDocument = max(u.LastDocument, d.ID)
	}
	for i := range u.Documents {
		if d := &u.Documents[i]; d.ID == 0 {
			u.LastDocument++
			d.ID = u.LastDocument
		}
	}
}

// Name is the person's full name.
func (u *User) Name() string { return strings.TrimSpace(u.First + " " + u.Last) }

// TaxIDEnding is all that is ever shown of the tax id: its last four digits, or nothing.
func (u *User) TaxIDEnding() string { return u.TaxID.Ending(4) }

// DocumentKey is the object key of a user document that the client uploads itself.
func DocumentKey(user ident.UserID, name surgical.PHI) surgical.PHI {
	return name.Under("private/user-documents/" + string(user) + "/")
}

// MaxUserType is the highest type that can be given; the old product hid types from 1,000 on.
const MaxUserType permission.UserType = 999

// CheckRank checks the values that rank a user.
func CheckRank(t permission.UserType, tier pay.Tier, top int) error {
	var bad fault.Collector
	if t < permission.Provider || t > MaxUserType {
		bad.Add("body.user_type", "must lie between 1 and %d", MaxUserType)
	}
	if tier < 1 || tier > pay.MaxTier {
		bad.Add("body.user_tier", "must lie between 1 and %d", pay.MaxTier)
	}
	if _, err := surgical.ParseStatus(top); top != 0 && err != nil {
		bad.Check("body.max_case_status", err)
	}
	return bad.Err()
}

// Deactivate ends the user's access. Cases, surgeons and facilities stay and are still paid.
// Source: spec/decisions.md 2.9.
func (u *User) Deactivate(at time.Time) {
	u.Active, u.DeactivatedAt, u.UpdatedAt = false, at, at
}

// TypeTotal is how many active users have a type.
type TypeTotal struct {
	Type  permission.UserType
	Users int
}
