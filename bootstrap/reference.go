package bootstrap

import (
	"cmp"
	"context"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/reference"
	"surgicase/application/movein"
	domain "surgicase/domain/movein"
)

// moving provides what moves in and out.
func moving() fx.Option { return fx.Provide(movein.New, newVault, newBackups) }

// ImportReference moves in what the service before this one has stored.
func (p *program) ImportReference(ctx context.Context, from string, dry bool, progress cli.Progress) (report movein.Report, err error) {
	var service *movein.Service
	var c Config
	err = p.run(ctx, []any{&service, &c}, func(ctx context.Context) error {
		old, err := reference.Open(ctx, cmp.Or(from, c.ReferenceURL.url))
		if err != nil {
			return err
		}
		defer func() { _ = old.Close() }()
		report, err = service.Import(ctx, domain.By, old, dry, progress)
		return err
	})
	return report, err
}
