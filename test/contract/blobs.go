package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// OpenBlobs opens an empty store of objects.
type OpenBlobs func(t *testing.T) ports.Blobs

// Blobs is the contract of ports.Blobs. The store is shared by all sentences: each has keys of its own.
func Blobs(t *testing.T, open OpenBlobs) {
	t.Helper()
	blobs := open(t)
	for says, holds := range map[string]func(*testing.T, ports.Blobs){
		"an object comes back byte for byte, with what is known about it": objectsComeBack,
		"an object may be empty":                                      objectEmpty,
		"a part of an object is exactly that part":                    objectParts,
		"an object that is not there is NotFound":                     objectMissing,
		"a key that is no plain path is refused by every method":      objectKeys,
		"what is put again takes the place of what was there":         objectReplaced,
		"content of another size than was said leaves what was there": objectWrongSize,
		"a reader that fails leaves what was there":                   objectBroken,
		"a caller who gives up leaves what was there":                 objectGivenUp,
		"a removed object is gone, and removing it again is no fault": objectRemoved,
		"a list has the keys with a prefix in order":                  objectList,
		"a list of more than a thousand is complete":                  objectLongList,
		"nobody reads half of an object while it is replaced":         objectHalves,
		"twenty at once put twenty objects":                           objectsAtOnce,
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			holds(t, blobs)
		})
	}
}

// content is n bytes that do not compress and differ by seed.
func content(n int, seed uint64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(n)}).Read(b)
	return b
}

func under(t *testing.T, name string) string {
	t.Helper()
	return strings.ReplaceAll(strings.TrimPrefix(t.Name(), "Test"), "#", "") + "/" + name
}

func store(t *testing.T, b ports.Blobs, key string, content []byte, size int64) ports.Object {
	t.Helper()
	stored, err := b.Put(t.Context(), ports.Object{Key: key, Size: size, ContentType: "application/pdf"}, iotest.HalfReader(bytes.NewReader(content)))
	if err != nil {
		t.Fatalf("putting %d bytes: %v", len(content), err)
	}
	return stored
}

func fetch(t *testing.T, b ports.Blobs, key string, span ports.Span) ([]byte, ports.Object) {
	t.Helper()
	body, object, err := b.Get(t.Context(), key, span)
	if err != nil {
		t.Fatalf("getting %s: %v", key, err)
	}
	got, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return got, object
}

func isStored(t *testing.T, b ports.Blobs, key string, want []byte) {
	t.Helper()
	if got, _ := fetch(t, b, key, ports.Span{}); !bytes.Equal(got, want) {
		t.Errorf("%s holds %d bytes, not the %d that were stored", key, len(got), len(want))
	}
}

func objectsComeBack(t *testing.T, b ports.Blobs) {
	for n, size := range []int{1, 100_000, 5 << 20, 5<<20 + 1, 17 << 20} {
		for said, known := range map[string]int64{"known": int64(size), "unknown": -1} {
			key, want := under(t, fmt.Sprintf("%d-%s.pdf", size, said)), content(size, uint64(n))
			sum := sha256.Sum256(want)
			stored := store(t, b, key, want, known)
			isStored(t, b, key, want)
			_, got := fetch(t, b, key, ports.Span{Length: 1})
			about, err := b.Stat(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "checksum of what was put", stored.SHA256, sum[:])
			for way, object := range map[string]ports.Object{"Put": stored, "Get": got, "Stat": about} {
				equal(t, way+": key", object.Key, key)
				equal(t, way+": size", object.Size, int64(size))
				equal(t, way+": type", object.ContentType, "application/pdf")
				if object.SHA256 != nil && !bytes.Equal(object.SHA256, sum[:]) {
					t.Errorf("%s: wrong checksum", way)
				}
				if age := time.Since(object.StoredAt); age < -time.Minute || age > time.Minute {
					t.Errorf("%s: stored %v ago", way, age)
				}
			}
		}
	}
}

func objectEmpty(t *testing.T, b ports.Blobs) {
	for i, size := range []int64{0, -1} {
		key := under(t, fmt.Sprint(i))
		store(t, b, key, nil, size)
		isStored(t, b, key, nil)
	}
}

func objectParts(t *testing.T, b ports.Blobs) {
	key, all := under(t, "parts"), content(1000, 1)
	store(t, b, key, all, 1000)
	for span, want := range map[ports.Span][]byte{
		{Offset: 0, Length: 1}: all[:1], {Offset: 10, Length: 20}: all[10:30], {Offset: 990}: all[990:], {Offset: 999, Length: 1}: all[999:],
		{Offset: 990, Length: 100}: all[990:], {Length: 2000}: all,
	} {
		got, object := fetch(t, b, key, span)
		if !bytes.Equal(got, want) || object.Size != 1000 {
			t.Errorf("%+v gives %d bytes of %d", span, len(got), object.Size)
		}
	}
	for _, span := range []ports.Span{{Offset: 1000}, {Offset: 1000, Length: 1}, {Offset: 5000}, {Offset: -1}, {Length: -1}} {
		_, _, err := b.Get(t.Context(), key, span)
		refused(t, err, fault.Invalid, "span_outside")
	}
}

func objectMissing(t *testing.T, b ports.Blobs) {
	store(t, b, under(t, "folder/object"), nil, 0)
	for _, name := range []string{"none", "folder", "folder/object2", "folder/object/below"} {
		_, _, err := b.Get(t.Context(), under(t, name), ports.Span{})
		refused(t, err, fault.NotFound, "object_not_found")
		_, err = b.Stat(t.Context(), under(t, name))
		refused(t, err, fault.NotFound, "object_not_found")
	}
}

func objectKeys(t *testing.T, b ports.Blobs) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/..", `a\..\b`, "a\x00b", "a\nb", "a\xffb", ".about/a", ".drafts/a",
		strings.Repeat("a", 10_000), strings.Repeat("a/", 600) + "a",
	} {
		object := ports.Object{Key: key, Size: 1, ContentType: "application/pdf"}
		_, err := b.Put(t.Context(), object, strings.NewReader("x"))
		refused(t, err, fault.Invalid, "object_key_invalid")
		_, _, err = b.Get(t.Context(), key, ports.Span{})
		refused(t, err, fault.Invalid, "object_key_invalid")
		_, err = b.Stat(t.Context(), key)
		refused(t, err, fault.Invalid, "object_key_invalid")
		refused(t, b.Remove(t.Context(), key), fault.Invalid, "object_key_invalid")
		for _, use := range []ports.LinkUse{ports.LinkRead, ports.LinkWrite} {
			_, err = b.Link(t.Context(), use, object, time.Minute)
			refused(t, err, fault.Invalid, "object_key_invalid")
		}
	}
	odd := under(t, "o'brien #1 100% a+b=ö é?&;.pdf")
	store(t, b, odd, []byte("odd"), 3)
	isStored(t, b, odd, []byte("odd"))
	equal(t, "keys", keys(t, b.List(t.Context(), odd)), []string{odd})
}

func objectReplaced(t *testing.T, b ports.Blobs) {
	key := under(t, "again")
	for i, size := range []int{10, 3, 6 << 20, 0, 20} {
		want := content(size, uint64(i))
		store(t, b, key, want, int64(size))
		isStored(t, b, key, want)
	}
}

func objectWrongSize(t *testing.T, b ports.Blobs) {
	key, before := under(t, "size"), []byte("before")
	store(t, b, key, before, 6)
	for length, said := range map[int]int64{3: 4, 5: 4, 0: 1, 1: 0, 6 << 20: 6<<20 - 1, 6<<20 + 5: 6<<20 + 6, 12 << 20: 7 << 20} {
		_, err := b.Put(t.Context(), ports.Object{Key: key, Size: said}, bytes.NewReader(content(length, 1)))
		refused(t, err, fault.Invalid, "object_size_wrong")
		isStored(t, b, key, before)
	}
}

func objectBroken(t *testing.T, b ports.Blobs) {
	key, before := under(t, "broken"), []byte("before")
	store(t, b, key, before, 6)
	for _, after := range []int{0, 100, 6 << 20, 11 << 20} {
		for _, size := range []int64{-1, 12 << 20} {
			for _, failure := range []error{fault.New(fault.TooLarge, "too_large", "too large"), io.ErrUnexpectedEOF} {
				reader := io.MultiReader(bytes.NewReader(content(after, 1)), iotest.ErrReader(failure))
				_, err := b.Put(t.Context(), ports.Object{Key: key, Size: size}, reader)
				if !errors.Is(err, failure) {
					t.Errorf("after %d bytes: got %v", after, err)
				}
				isStored(t, b, key, before)
			}
		}
	}
	equal(t, "keys", keys(t, b.List(t.Context(), under(t, ""))), []string{key})
}

func objectGivenUp(t *testing.T, b ports.Blobs) {
	key, before := under(t, "given up"), []byte("before")
	store(t, b, key, before, 6)
	ctx, cancel := context.WithCancel(t.Context())
	reader := io.MultiReader(bytes.NewReader(content(6<<20, 1)), readFunc(func([]byte) (int, error) { cancel(); return 0, nil }), bytes.NewReader(content(6<<20, 2)))
	if _, err := b.Put(ctx, ports.Object{Key: key, Size: 12 << 20}, reader); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	isStored(t, b, key, before)
}

// readFunc is called once and then ends.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) {
	n, _ := f(p)
	return n, io.EOF
}

func objectRemoved(t *testing.T, b ports.Blobs) {
	key, other := under(t, "a/b/c"), under(t, "a/b/d")
	store(t, b, key, []byte("x"), 1)
	store(t, b, other, []byte("y"), 1)
	for range 2 {
		if err := b.Remove(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		_, err := b.Stat(t.Context(), key)
		refused(t, err, fault.NotFound, "object_not_found")
	}
	if err := b.Remove(t.Context(), under(t, "a/b")); err != nil {
		t.Errorf("removing what is no object: %v", err)
	}
	isStored(t, b, other, []byte("y"))
	store(t, b, key, []byte("z"), 1)
	isStored(t, b, key, []byte("z"))
}

func keys(t *testing.T, list iter.Seq2[ports.Object, error]) []string {
	t.Helper()
	found := []string{}
	for object, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, object.Key)
	}
	return found
}

func objectList(t *testing.T, b ports.Blobs) {
	isEmpty(t, "list", keys(t, b.List(t.Context(), under(t, "none"))))
	var want []string
	for _, name := range []string{"b/1", "b/2", "b-a", "b.a", "b0", "bb/c/d", "c", "ä"} {
		want = append(want, under(t, name))
		store(t, b, under(t, name), []byte(name), int64(len(name)))
	}
	slices.Sort(want)
	withB := slices.DeleteFunc(slices.Clone(want), func(k string) bool { return !strings.HasPrefix(k, under(t, "b")) })
	equal(t, "all", keys(t, b.List(t.Context(), under(t, ""))), want)
	equal(t, "all without the slash", keys(t, b.List(t.Context(), strings.TrimSuffix(under(t, ""), "/"))), want)
	equal(t, "those with b", keys(t, b.List(t.Context(), under(t, "b"))), withB)
	equal(t, "those in b/", keys(t, b.List(t.Context(), under(t, "b/"))), []string{under(t, "b/1"), under(t, "b/2")})
	for object, err := range b.List(t.Context(), under(t, "b")) {
		if err != nil || object.Size == 0 || object.StoredAt.IsZero() {
			t.Errorf("got %+v, %v", object, err)
		}
		break // a caller may stop
	}
}

func objectLongList(t *testing.T, b ports.Blobs) {
	const n = 1005
	var want []string
	for i := range n {
		want = append(want, under(t, fmt.Sprintf("%04d", i)))
	}
	for _, err := range together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			if _, err := b.Put(t.Context(), ports.Object{Key: want[i], Size: 1}, strings.NewReader("x")); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "keys", keys(t, b.List(t.Context(), under(t, ""))), want)
}

func objectHalves(t *testing.T, b ports.Blobs) {
	key := under(t, "halves")
	old, fresh := bytes.Repeat([]byte("o"), 200_000), bytes.Repeat([]byte("f"), 200_000)
	store(t, b, key, old, -1)
	for _, err := range together(4, func(i int) error {
		for range 10 {
			if i == 0 {
				if _, err := b.Put(t.Context(), ports.Object{Key: key, Size: 200_000}, bytes.NewReader(fresh)); err != nil {
					return err
				}
				continue
			}
			body, object, err := b.Get(t.Context(), key, ports.Span{})
			if err != nil {
				return err
			}
			got, err := io.ReadAll(body)
			if err = errors.Join(err, body.Close()); err != nil {
				return err
			}
			if int64(len(got)) != object.Size || !bytes.Equal(got, old) && !bytes.Equal(got, fresh) {
				return fmt.Errorf("read %d bytes that are neither", len(got))
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	isStored(t, b, key, fresh)
}

func objectsAtOnce(t *testing.T, b ports.Blobs) {
	for _, err := range together(20, func(i int) error {
		_, err := b.Put(t.Context(), ports.Object{Key: under(t, fmt.Sprintf("deep/%d/er/object", i)), Size: -1}, bytes.NewReader(content(1000, uint64(i))))
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	for i := range 20 {
		isStored(t, b, under(t, fmt.Sprintf("deep/%d/er/object", i)), content(1000, uint64(i)))
	}
}

// LostBlobs is what holds for a store whose server is away.
func LostBlobs(t *testing.T, b ports.Blobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	object := ports.Object{Key: "a", Size: 1, ContentType: "text/plain"}
	_, putErr := b.Put(ctx, object, strings.NewReader("x"))
	_, _, getErr := b.Get(ctx, "a", ports.Span{})
	_, statErr := b.Stat(ctx, "a")
	var listErr error
	for _, listErr = range b.List(ctx, "") {
	}
	for _, err := range []error{putErr, getErr, statErr, listErr, b.Remove(ctx, "a")} {
		refused(t, err, fault.Unavailable, "storage_unavailable")
	}
}

// SharedBlobs is what holds for two clients of one bucket: each reads what the other has stored.
func SharedBlobs(t *testing.T, one, other ports.Blobs) {
	t.Helper()
	for i, pair := range [][2]ports.Blobs{{one, other}, {other, one}} {
		for _, size := range []int{0, 10, 6 << 20} {
			for _, known := range []int64{-1, int64(size)} {
				key, want := under(t, fmt.Sprintf("%d/%d/%d", i, size, known)), content(size, uint64(i))
				store(t, pair[0], key, want, known)
				isStored(t, pair[1], key, want)
				if about, err := pair[1].Stat(t.Context(), key); err != nil || about.ContentType != "application/pdf" || about.Size != int64(size) {
					t.Errorf("%+v, %v", about, err)
				}
				if err := pair[1].Remove(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		}
	}
	isEmpty(t, "list", keys(t, one.List(t.Context(), under(t, ""))))
}
