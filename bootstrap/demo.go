package bootstrap

import (
	"context"

	"go.uber.org/fx"
)

func demoData(context.Context, bool) fx.Option { return fx.Options() }

func demoIntroduction() string { return "" }
