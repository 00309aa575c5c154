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

// Told is a setting as an adapter has read it, and how it would be written.
type Told struct {
	StorageSetting
	Write func() error
}

// ReadSettings is Settings for an adapter that reads one setting at a time and knows which errors mean that the
// store has no such thing.
func ReadSettings(names []string, read func(name string) (Told, error), unknown func(error) bool) ([]StorageSetting, error) {
	var all []StorageSetting
	for _, name := range names {
		s, err := read(name)
		switch {
		case err != nil && unknown(err):
			s.State, s.Why = SettingUnsupported, err.Error()
		case err != nil:
			return nil, err
		}
		s.Name = name
		all = append(all, s.StorageSetting)
	}
	return all, nil
}

// WriteSetting is Arrange for such an adapter.
func WriteSetting(name string, read func(name string) (Told, error), unknown func(error) bool) error {
	s, err := read(name)
	if err == nil && s.State == SettingDiffers {
		err = s.Write()
	}
	if err != nil && unknown(err) {
		return NoSuchSetting(err)
	}
	return err
}
