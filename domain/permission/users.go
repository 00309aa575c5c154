package permission

import (
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// CheckSee says whether the actor may see a user of this type: his own profile, and as an
// administrator those of types up to his own. Source: spec/decisions.md 2.6.
func CheckSee(a Actor, user ident.UserID, t UserType) error {
	if err := Check(a, ReadProfile, user); err != nil {
		return err
	}
	if !a.system && !a.Is(user) && t > a.Type {
		return NoSuchUser(user)
	}
	return nil
}

// NoSuchUser is the one answer to an administrator who asks about a user that does not exist, is of
// a type above his own, or is inactive.
func NoSuchUser(user ident.UserID) *fault.Error {
	return fault.New(fault.NotFound, "user_not_found", "There is no such user.").Naming("user_id", string(user))
}

// CheckManage says whether the actor may do the action to another user of this type: types below
// his own, and everybody for System Admin. Source: spec/decisions.md 2.6 and 2.7.
func CheckManage(a Actor, action Action, user ident.UserID, t UserType) error {
	if err := Check(a, action, user); err != nil {
		return err
	}
	if a.system || a.Type >= SystemAdmin || a.Is(user) || t < a.Type {
		return nil
	}
	return fault.New(fault.Forbidden, "user_type_too_high", "Only users of a type below your own can be changed.")
}

// CheckGive says whether the actor may give a user this type: one below his own, and any for System
// Admin. Source: spec/decisions.md 2.7.
func CheckGive(a Actor, t UserType) error {
	if a.system || a.Type >= SystemAdmin || t < a.Type {
		return nil
	}
	return fault.New(fault.Forbidden, "user_type_too_high", "You can only give a user type below your own.")
}

// CheckNotSelf refuses what nobody may do to himself: change his own rank or deactivate himself.
func CheckNotSelf(a Actor, user ident.UserID) error {
	if a.Is(user) {
		return fault.New(fault.Forbidden, "not_on_yourself", "Nobody can do this to their own account.")
	}
	return nil
}

// CheckNotOwnCase refuses what nobody, System Admin included, may do to his own cases.
// Source: spec/decisions.md 2.7.
func CheckNotOwnCase(a Actor, owner ident.UserID) error {
	if a.Is(owner) {
		return fault.New(fault.Forbidden, "own_case", "Nobody can do this to their own case; another administrator has to.")
	}
	return nil
}
