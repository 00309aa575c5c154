package cmsnpi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"surgicase/domain/fault"
	"surgicase/domain/nppes"
	"surgicase/ports"
)

// FilesURL is the page on which CMS publishes its files.
const FilesURL = "https://download.cms.gov/nppes/NPI_Files.html"

// FilesConfig is how to open the files.
type FilesConfig struct {
	URL    string // of the index page; empty for FilesURL
	Folder string // where files lie until they are loaded
}

const (
	largestPage  = 4 << 20
	largestFile  = 8 << 30
	pageTimeout  = 30 * time.Second
	stallTimeout = 30 * time.Second // without a byte
	downloads    = 4                // attempts, each going on where the last one ended
	tellAfter    = 1 << 20          // bytes
)

// Files is a ports.NPIFiles on the pages of CMS.
type Files struct {
	client *retryablehttp.Client
	index  *url.URL
	folder string
}

// OpenFiles opens the pages without asking for any.
func OpenFiles(c FilesConfig) (*Files, error) {
	configured := c.URL != "" && c.URL != FilesURL
	if !configured {
		c.URL = FilesURL
	}
	index, err := url.Parse(c.URL)
	if err != nil || index.Host == "" {
		return nil, fault.New(fault.Invalid, "invalid_files_url", "must be a URL")
	}
	return &Files{client: newClient(index, configured, false), index: index, folder: c.Folder}, nil
}

func filesFailed(cause error) error {
	return fault.New(fault.Upstream, "npi_files_failed", "The files of the NPI registry cannot be fetched at the moment.").Because(cause)
}

// List implements ports.NPIFiles.
func (f *Files) List(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	res, err := f.get(ctx, f.index, nil)
	if err != nil {
		return nil, filesFailed(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(io.LimitReader(res.Body, largestPage+1))
	switch {
	case err != nil:
		return nil, filesFailed(err)
	case res.StatusCode != http.StatusOK:
		return nil, filesFailed(fmt.Errorf("status %d", res.StatusCode))
	case len(page) > largestPage:
		return nil, filesFailed(errors.New("the page is too large"))
	}
	return nppes.Names(string(page)), nil
}

func (f *Files) get(ctx context.Context, target *url.URL, header http.Header) (*http.Response, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return f.client.Do(req)
}

// fetched is a file on disk.
type fetched struct {
	*os.File
	size int64
}

// Size implements ports.NPIFile.
func (f fetched) Size() int64 { return f.size }

// paths gives where a file lies when it is whole, and while it is not. Names come from the index page;
// those that could lead out of the folder are none.
func (f *Files) paths(name string) (whole, part string, err error) {
	if len(nppes.Names("href='"+name+"'")) == 0 || strings.ContainsAny(name, `/\`) {
		return "", "", fault.New(fault.NotFound, "npi_file_not_found", "There is no such file.")
	}
	whole = filepath.Join(f.folder, name)
	return whole, whole + ".part", nil
}

// Fetch implements ports.NPIFiles.
func (f *Files) Fetch(ctx context.Context, name string, tell func(done, of int64)) (ports.NPIFile, error) {
	whole, part, err := f.paths(name)
	if err != nil {
		return nil, err
	}
	if file, err := opened(whole); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		err := f.download(ctx, name, part, tell)
		var known *fault.Error
		switch {
		case err == nil:
			if err := os.Rename(part, whole); err != nil {
				return nil, err
			}
			return opened(whole)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &known):
			return nil, err
		case attempt == downloads:
			return nil, filesFailed(err)
		}
	}
}

func opened(path string) (ports.NPIFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return fetched{file, info.Size()}, nil
}

// Forget implements ports.NPIFiles.
func (f *Files) Forget(_ context.Context, name string) error {
	whole, _, err := f.paths(name)
	if err != nil {
		return err
	}
	if err := os.Remove(whole); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
