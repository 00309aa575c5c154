package directory

import (
	"surgicase/domain/civil"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// UserTypeLabel names a user type. MaxStatus is the cap that users get when they are given the
// type; 0 if it sets none.
type UserTypeLabel struct {
	Type      permission.UserType
	Label     string
	MaxStatus int
}

// StatusLabel names a case status. The statuses themselves are fixed.
type StatusLabel struct {
	Status surgical.Status
	Label  string
}

// BuiltInDocTypes are the kinds of user documents that a new installation begins with.
var BuiltInDocTypes = []string{"Board Certification", "DEA Registration", "Medical License"}

// DocType is a kind of user document with the prefix of its file names.
type DocType struct {
	Name   string
	Prefix string
}

// FAQ is an entry of the questions shown to users of one type.
type FAQ struct {
	ID     int64
	Type   permission.UserType
	Header string
	Text   string
	Order  int
}

// ProcedureCode is an entry of the code catalogue, which the practice imports under its own licence.
type ProcedureCode struct {
	Code        string
	Kind        string // code system, such as "cpt" or "hcpcs"
	Description string
	Category    string
	From        civil.Date // first day of validity; zero is open
	Until       civil.Date // last day of validity; zero is open
}
