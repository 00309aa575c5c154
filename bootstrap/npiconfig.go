package bootstrap

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
)

// NPIConfig is where NPIs are looked up. Source: spec/decisions.md 8.2.
type NPIConfig struct {
	NPIRegistry Choice     `env:"NPI_REGISTRY" doc:"where NPIs are looked up: cms (the registry of CMS), local (the directory that surgicase npi import and sync have loaded) or stub (a few invented providers); default stub, in production (another address than loopback, or another database than SQLite) local"`
	NPIURL      ServiceURL `env:"NPI_REGISTRY_URL" doc:"with NPI_REGISTRY=cms: the address of the registry, if it is another than that of CMS"`
	NPIFiles    FilesURL   `env:"NPI_FILES_URL" doc:"where surgicase npi sync and the Tuesday job find the files of the registry: an index page like that of CMS (the default), or file://FOLDER with the files themselves"`
	AllowStubs  bool       `env:"ALLOW_STUBS" envDefault:"false" doc:"true lets NPI_REGISTRY=stub serve in production"`
}

const registryStub = "stub"

// ServiceURL is where a service of somebody else answers.
type ServiceURL string

// UnmarshalText reads an http or https URL without credentials.
func (s *ServiceURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(string(text), "@") || (u.Scheme != "https" && u.Scheme != "http") {
		return holds("(no such URL)", "https://host/path")
	}
	*s = ServiceURL(text)
	return nil
}

// FilesURL is where the files of the registry are.
type FilesURL string

// UnmarshalText reads an http or https URL, or file:// with a folder.
func (f *FilesURL) UnmarshalText(text []byte) error {
	if folder, is := strings.CutPrefix(string(text), "file://"); is && folder != "" {
		*f = FilesURL(text)
		return nil
	}
	var service ServiceURL
	if service.UnmarshalText(text) != nil {
		return holds("(no such URL)", "https://host/page.html or file://FOLDER")
	}
	*f = FilesURL(service)
	return nil
}

func (f FilesURL) kind() string {
	if strings.HasPrefix(string(f), "file://") {
		return "folder"
	}
	return "cms"
}

func openNPIFiles(c Config) (ports.NPIFiles, error) { return npiFiles[c.NPIFiles.kind()](c) }

// registry is the one chosen: invented providers never answer in production unless somebody wants that.
func (c Config) registry() string {
	switch {
	case c.NPIRegistry != "":
		return string(c.NPIRegistry)
	case c.production():
		return "local"
	}
	return registryStub
}

func openRegistry(c Config, store ports.Store, clock ports.Clock) (ports.Registry, error) {
	return registries[c.registry()](c, store, clock)
}

// registryFinding says where NPIs are looked up, and whether it answers. The directory is in the database, which
// comes later.
func (c Config) registryFinding(ctx context.Context) []cli.Finding {
	switch c.registry() {
	case registryStub:
		f := cli.Finding{What: "NPI registry", OK: true, Warn: c.production(), Detail: "knows a few invented providers (NPI_REGISTRY=stub)"}
		if f.Warn {
			f.Detail += ", and no real one is found in it: set NPI_REGISTRY to local or cms, and leave ALLOW_STUBS unset"
		}
		return []cli.Finding{f}
	case "local":
		return nil
	}
	registry, err := openRegistry(c, nil, systemClock{})
	if err == nil {
		_, _, err = registry.LookUp(ctx, nobodysNPI)
	}
	if errors.Is(err, fault.NotFound) {
		err = nil // it answers
	}
	return []cli.Finding{found("NPI registry", "the registry of CMS answers (NPI_REGISTRY=cms)", err)}
}

// nobodysNPI is the example of the standard for the check digit. Asking for it tells nobody about a provider.
const nobodysNPI npi.NPI = 1234567893

// directoryFinding says whether there is anybody in the directory.
func directoryFinding(ctx context.Context, store ports.Store) cli.Finding {
	empty := false
	err := store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		empty, err = r.NPIs.Empty(ctx)
		return err
	})
	f := found("NPI registry", "is the provider directory in the database (NPI_REGISTRY=local)", err)
	if f.OK && empty {
		f.Warn, f.Detail = true, f.Detail+"; nothing is loaded yet: surgicase npi sync, or npi import with a file of NPPES"
	}
	return f
}

// checkNPI says what is wrong with where NPIs are looked up.
func (c Config) checkNPI(serving bool) ConfigFaults {
	_, known := registries[c.registry()]
	switch {
	case !known:
		return ConfigFaults{"NPI_REGISTRY " + holds(string(c.NPIRegistry), strings.Join(names(registries), ", ")).Error()}
	case serving && c.production() && c.registry() == registryStub && !c.AllowStubs:
		return ConfigFaults{`NPI_REGISTRY holds "stub"; in production it may hold local or cms, or stub with ALLOW_STUBS=true`}
	}
	return nil
}
