package cmsnpi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"surgicase/domain/fault"
)

// download gets what is missing of a file. What is there of it stays when the connection breaks, and the
// next attempt asks for the rest, provided that the file is still the same.
func (f *Files) download(ctx context.Context, name, part string, tell func(done, of int64)) (err error) {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	res, err := f.get(ctx, f.index.ResolveReference(&url.URL{Path: name}), rest(part, have))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	size, from, err := offered(res, have)
	if err != nil {
		if res.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			err = errors.Join(err, removeTag(part)) // the next attempt begins anew
		}
		return err
	}
	if err := errors.Join(file.Truncate(from), keepTag(part, res.Header)); err != nil {
		return err
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return err
	}
	watch := &watched{in: res.Body, done: from, of: size, tell: tell, timer: time.AfterFunc(stallTimeout, cancel)}
	defer watch.timer.Stop()
	n, err := io.Copy(file, io.LimitReader(watch, largestFile))
	switch {
	case err != nil:
		return err
	case size >= 0 && from+n != size:
		return fmt.Errorf("%d bytes of %d came", from+n, size)
	}
	return errors.Join(file.Sync(), removeTag(part))
}

// rest asks for what is missing, if the file is still the one that was begun; without its tag nobody can
// tell.
func rest(part string, have int64) http.Header {
	tag, err := os.ReadFile(part + ".etag")
	if have == 0 || err != nil || len(tag) == 0 {
		return nil
	}
	return http.Header{"Range": {fmt.Sprintf("bytes=%d-", have)}, "If-Range": {string(tag)}}
}

// offered says how large the whole file is (-1 if the server does not) and from where on it comes.
func offered(res *http.Response, have int64) (size, from int64, err error) {
	switch res.StatusCode {
	case http.StatusOK:
		if res.ContentLength > largestFile {
			return 0, 0, fault.New(fault.Upstream, "npi_files_failed", "The file is larger than any of the NPI registry.")
		}
		return res.ContentLength, 0, nil
	case http.StatusPartialContent:
		var last int64
		if _, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &last, &size); err != nil || from != have || size > largestFile {
			return 0, 0, errors.New("another part came than was asked for")
		}
		return size, from, nil
	case http.StatusRequestedRangeNotSatisfiable:
		if res.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", have) {
			return have, have, emptied(res)
		}
		return 0, 0, errors.New("the part at hand is longer than the file")
	case http.StatusNotFound:
		return 0, 0, fault.New(fault.NotFound, "npi_file_not_found", "There is no such file.")
	}
	return 0, 0, fmt.Errorf("status %d", res.StatusCode)
}

// emptied takes the body of an error away: the file is whole already.
func emptied(res *http.Response) error {
	err := res.Body.Close()
	res.Body = io.NopCloser(strings.NewReader(""))
	return err
}

// keepTag notes by what the file can be told from another one of its name.
func keepTag(part string, header http.Header) error {
	tag := header.Get("ETag")
	if tag == "" {
		tag = header.Get("Last-Modified")
	}
	if tag == "" || strings.HasPrefix(tag, "W/") {
		return removeTag(part)
	}
	return os.WriteFile(part+".etag", []byte(tag), 0o600)
}

func removeTag(part string) error {
	if err := os.Remove(part + ".etag"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// watched tells how much has come, and breaks off when nothing comes any more.
type watched struct {
	in       io.Reader
	done, of int64
	told     int64
	tell     func(done, of int64)
	timer    *time.Timer
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	w.timer.Reset(stallTimeout)
	w.done += int64(n)
	if w.done-w.told >= tellAfter && w.tell != nil {
		w.told = w.done
		w.tell(w.done, w.of)
	}
	return n, err
}
