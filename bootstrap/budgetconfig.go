package bootstrap

import (
	"cmp"
	"time"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/imageshrink"
)

// BudgetConfig bounds what one caller, one case or one document may cost the others. Source: spec/decisions.md 11.11.
type BudgetConfig struct {
	Uploads          Places  `env:"UPLOAD_CONCURRENCY" envDefault:"16" doc:"uploads at once, per instance; others wait ten seconds, then get 503"`
	UploadsPerCaller Places  `env:"UPLOADS_PER_CALLER" envDefault:"4" doc:"uploads of one caller at once, of UPLOAD_CONCURRENCY; more wait ten seconds, then get 429"`
	UploadMinRate    Count   `env:"UPLOAD_MIN_RATE_KB" envDefault:"16" doc:"kilobytes a second that an upload brings at least once it has lasted ten seconds; a slower one ends with 408; 0 is any rate"`
	MaxRanges        Places  `env:"MAX_RANGES" envDefault:"5" doc:"ranges that one request may name; with more it gets the whole document"`
	DecodeMegapixels Places  `env:"DECODE_MEGAPIXELS" envDefault:"64" doc:"megapixels of an image that is made smaller in an archive; larger ones come as they are"`
	DecodeSeconds    Seconds `env:"DECODE_SECONDS" envDefault:"5" doc:"seconds for making one image smaller; one that takes longer comes as it is"`
}

// Images that are decoded at once, and how many of them for one caller: each may hold a quarter of a gigabyte.
const (
	decodeSlots = 2
	decodeShare = 1
)

// How long an upload waits for its slot, and how long it may be slow.
const (
	uploadPatience = 10 * time.Second
	uploadGrace    = 10 * time.Second
)

func (c Config) budgets(parts Parts) httpapi.Budgets {
	shrinker := imageshrink.New(imageshrink.Budget{
		Megapixels: int(c.DecodeMegapixels), Time: c.DecodeSeconds.duration(), Slots: decodeSlots, Share: decodeShare,
	})
	return httpapi.Budgets{
		MaxUpload: c.MaxUploadMB.bytes(), Uploads: int(c.Uploads), UploadShare: int(c.UploadsPerCaller), UploadRate: int(c.UploadMinRate) << 10,
		UploadGrace: cmp.Or(parts.UploadGrace, uploadGrace), UploadPatience: cmp.Or(parts.UploadPatience, uploadPatience), Ranges: int(c.MaxRanges), Shrink: shrinker.Shrink,
	}
}
