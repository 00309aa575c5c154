package ports

import (
	"context"

	"surgicase/domain/bucket"
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

// Compared is a setting that is the same as what is wanted, or will be once it is written.
func Compared(same bool, write func() error) Told {
	state := SettingDiffers
	if same {
		state = SettingFine
	}
	return Told{StorageSetting: StorageSetting{State: state}, Write: write}
}

// BucketSetup is StorageSetup for the adapter of a store that speaks S3. The adapter reads one setting at a time.
type BucketSetup struct {
	Lifecycle func(ctx context.Context, wanted bucket.Rule) (Told, error)
	Policy    func(ctx context.Context) (now string, err error) // "" if there is none
	SetPolicy func(ctx context.Context, then string) error
	Pages     func(ctx context.Context, wanted bucket.Pages) (Told, error)
	Guard     bucket.Guard

	Code       func(error) string                       // what the store calls it
	Translated func(ctx context.Context, e error) error // into a fault of the port
}

// Settings implements StorageSetup.
func (b BucketSetup) Settings(ctx context.Context, origins []string) ([]StorageSetting, error) {
	var all []StorageSetting
	for _, name := range bucket.Names {
		s, err := b.read(ctx, origins, name)
		switch {
		case err != nil && bucket.Unsupported(b.Code(err)):
			s.State, s.Why = SettingUnsupported, err.Error()
		case err != nil:
			return nil, b.fault(ctx, err)
		}
		s.Name = name
		all = append(all, s.StorageSetting)
	}
	return all, nil
}

// Arrange implements StorageSetup.
func (b BucketSetup) Arrange(ctx context.Context, origins []string, name string) error {
	s, err := b.read(ctx, origins, name)
	if err == nil && s.State == SettingDiffers {
		err = s.Write()
	}
	if err != nil && bucket.Unsupported(b.Code(err)) {
		return NoSuchSetting(err)
	}
	return b.fault(ctx, err)
}

func (b BucketSetup) read(ctx context.Context, origins []string, name string) (s Told, err error) {
	switch {
	case name == bucket.Policy:
		return b.policy(ctx)
	case name == bucket.CORS && len(origins) == 0:
		return leftOut(bucket.NoPages), nil
	case name == bucket.CORS:
		wanted := bucket.PagesOf(origins)
		s, err = b.Pages(ctx, wanted)
		s.Then = wanted.String()
	default:
		wanted := bucket.Rules()[name]
		s, err = b.Lifecycle(ctx, wanted)
		s.Then = wanted.String()
	}
	return s, err
}

func (b BucketSetup) policy(ctx context.Context) (Told, error) {
	now, err := b.Policy(ctx)
	if err != nil {
		return Told{}, err
	}
	then, same, err := b.Guard.Merge(now)
	if then == "" && err == nil {
		return leftOut(bucket.NothingToDemand), nil
	}
	s := Compared(same, func() error { return b.SetPolicy(ctx, then) })
	s.Then = then
	return s, err
}

func leftOut(why string) Told {
	return Told{StorageSetting: StorageSetting{State: SettingLeftOut, Why: why}}
}

// fault translates what is not a fault of the port already.
func (b BucketSetup) fault(ctx context.Context, err error) error {
	if fault.CodeOf(err) != "" {
		return err
	}
	return b.Translated(ctx, err)
}
