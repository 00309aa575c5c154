package storage

import (
	"context"
	"errors"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Setting is one thing that a store can be told, and how it stands.
type Setting = ports.StorageSetting

// The states of settings.
const (
	Fine        = ports.SettingFine
	Differs     = ports.SettingDiffers
	Unsupported = ports.SettingUnsupported
	LeftOut     = ports.SettingLeftOut
)

// Plan says how a store is set up and how it should be, when pages of these origins may use links.
//
// Faults: Forbidden; Unavailable "storage_unavailable".
func (s *Service) Plan(ctx context.Context, who permission.Actor, store ports.StorageSetup, origins []string) ([]Setting, error) {
	if err := s.begin(ctx, who, "plan"); err != nil {
		return nil, err
	}
	return store.Settings(ctx, origins)
}

// Arrange brings about what differs, and gives how the store stands then.
//
// Faults: Forbidden; Unavailable "storage_unavailable"; Conflict "setting_not_kept" if the store has taken a setting
// and does not have it afterwards.
func (s *Service) Arrange(ctx context.Context, who permission.Actor, store ports.StorageSetup, origins []string) ([]Setting, error) {
	if err := s.begin(ctx, who, "setup"); err != nil {
		return nil, err
	}
	before, err := store.Settings(ctx, origins)
	if err != nil {
		return nil, err
	}
	refused := map[string]string{}
	for _, setting := range before {
		if setting.State != Differs {
			continue
		}
		err := store.Arrange(ctx, origins, setting.Name)
		if fault.CodeOf(err) == "setting_unsupported" {
			refused[setting.Name] = reason(err)
		} else if err != nil {
			return before, err
		}
	}
	after, err := store.Settings(ctx, origins)
	var lost []string
	for i, setting := range after {
		if why, no := refused[setting.Name]; no {
			after[i].State, after[i].Why = Unsupported, why
		} else if setting.State == Differs {
			lost = append(lost, setting.Name)
		}
	}
	if err == nil && len(lost) > 0 {
		err = fault.New(fault.Conflict, "setting_not_kept", "the storage has taken these settings and does not have them: %s", strings.Join(lost, ", "))
	}
	return after, err
}

// reason is what the store itself said.
func reason(err error) string {
	if cause := errors.Unwrap(err); cause != nil {
		return cause.Error()
	}
	return err.Error()
}
