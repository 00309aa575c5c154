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
	DocumentVersions Count   `env:"DOCUMENT_VERSIONS" envDefault:"20" doc:"versions that a document of a case may have, with the present one; 0 is any number"`
	CaseQuotaMB      Quota   `env:"CASE_QUOTA_MB" envDefault:"2048" doc:"megabytes that the documents of a case may have with their versions; 0 is any number"`
	UserWarningMB    Quota   `env:"USER_WARNING_MB" envDefault:"1024" doc:"megabytes of a user's documents beyond which the event user.documents_large is told, once; nothing is refused; 0 is never"`
	VerifyGB         Count   `env:"VERIFY_DOCUMENTS_GB" envDefault:"100" doc:"gigabytes that the weekly job verify_documents reads to compare contents; where documents hold more, each week reads another share; 0 reads all of them each week"`
	DiskReserveMB    Quota   `env:"DISK_RESERVE_MB" envDefault:"1024" doc:"megabytes of the disk of a file:// storage (5 % of it, where that is less) that uploads and generated files leave free; 0 is none"`
	MaxRanges        Places  `env:"MAX_RANGES" envDefault:"5" doc:"ranges that one request may name; with more it gets the whole document"`
	DecodeMegapixels Places  `env:"DECODE_MEGAPIXELS" envDefault:"64" doc:"megapixels of an image that is made smaller in an archive; larger ones come as they are"`
	DecodeSeconds    Seconds `env:"DECODE_SECONDS" envDefault:"5" doc:"seconds for making one image smaller; one that takes longer comes as it is"`
}

// Quota is a size in megabytes, 0 for none, to a petabyte.
type Quota int

// UnmarshalText reads the number.
func (q *Quota) UnmarshalText(text []byte) error { return number(text, (*int)(q), 0, 1<<30) }

func (q Quota) bytes() int64 { return int64(q) << 20 }

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
