package directory

import (
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/npi"
)

// Address is where a surgeon or facility practises.
type Address struct {
	Line  string
	City  string
	State string
	ZIP   string
}

// Surgeon is somebody a provider works with. The provider is the owner of the entry.
type Surgeon struct {
	ID          int64
	Version     int64
	Owner       ident.UserID
	First, Last string
	NPI         npi.NPI
	Registry    Finding // about the NPI
	Address     Address
	CreatedAt   time.Time
	DeletedAt   time.Time
}

// Facility is a place a provider works at. The provider is the owner of the entry.
type Facility struct {
	ID        int64
	Version   int64
	Owner     ident.UserID
	Name      string
	NPI       npi.NPI
	Registry  Finding // about the NPI
	Address   Address
	CreatedAt time.Time
	DeletedAt time.Time
}

// Group is a set of users of whom some administer the others' cases.
type Group struct {
	ID          int64
	Version     int64
	Description string
	Members     []Membership
}

// Membership says who belongs to a group and who administers it.
type Membership struct {
	User  ident.UserID
	Name  string
	Admin bool // reads the cases of the members of type 1 to 6
}
