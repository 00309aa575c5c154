package ports

import (
	"context"

	"surgicase/domain/fault"
)

// StorageSetup is a store of objects that can be told how to treat them.
type StorageSetup interface {
	// Settings says how the store is set up and how it should be, when pages of these origins may use links.
	// Changes nothing. Unavailable "storage_unavailable".
	Settings(ctx context.Context, origins []string) ([]StorageSetting, error)

	// Arrange brings a setting about, by its name. What others have set stays. Senseless
	// "setting_unsupported" if the store does not know such a thing; Unavailable "storage_unavailable".
	Arrange(ctx context.Context, origins []string, name string) error
}

// SettingState is how a setting stands.
type SettingState string

// The states of settings.
const (
	SettingFine        SettingState = "fine"
	SettingDiffers     SettingState = "differs"
	SettingUnsupported SettingState = "unsupported"
	SettingLeftOut     SettingState = "left out" // nothing is to be said
)

// StorageSetting is one thing that a store can be told.
type StorageSetting struct {
	Name  string
	State SettingState
	Then  string // how it should be, for people
	Why   string // it is unsupported or left out
}

// NoSuchSetting is the fault for a setting that a store does not know.
func NoSuchSetting(cause error) *fault.Error {
	return fault.New(fault.Senseless, "setting_unsupported", "This storage does not know such a setting.").Because(cause)
}
