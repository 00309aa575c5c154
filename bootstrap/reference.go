package bootstrap

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/reference"
	"surgicase/application/movein"
	domain "surgicase/domain/movein"
)

// moving provides what moves in and out.
func moving() fx.Option { return fx.Provide(movein.New, newBackupKeys, newBackups) }

// ImportReference moves in what the service before this one has stored.
func (p *program) ImportReference(ctx context.Context, from string, dry bool, progress cli.Progress) (report movein.Report, err error) {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return report, err
	}
	old := c.ReferenceURL
	if from != "" {
		if err := old.UnmarshalText([]byte(from)); err != nil {
			return report, fmt.Errorf("%w: --from %w", cli.ErrUsage, err)
		}
	}
	if old.url == "" {
		return report, fmt.Errorf("%w: --from or REFERENCE_URL has to say which database to move in", cli.ErrUsage)
	}
	var service *movein.Service
	err = p.run(ctx, []any{&service}, func(ctx context.Context) error {
		old, err := reference.Open(ctx, old.url)
		if err != nil {
			return err
		}
		defer func() { _ = old.Close() }()
		report, err = service.Import(ctx, domain.By, old, dry, progress)
		return err
	})
	return report, err
}
