package bootstrap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWithoutAnySettingEverythingIsOffline(t *testing.T) {
	c, err := LoadConfig(map[string]string{"AUTH_MODE": "trusted"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabaseURL.url != "sqlite://data/surgicase.db" || c.HTTPAddr != "127.0.0.1:8000" || time.Weekday(c.PayDay) != time.Friday {
		t.Errorf("got %+v", c)
	}
	if c.PoolSize != 15 || c.PoolOverflow != 10 || c.PoolTimeout.duration() != 10*time.Second {
		t.Errorf("pool is %d + %d, %v", c.PoolSize, c.PoolOverflow, c.PoolTimeout.duration())
	}
}

func TestEveryWrongValueGetsItsLine(t *testing.T) {
	wrong := map[string]string{
		"HTTP_ADDR": "8000", "DATABASE_URL": "postgres://user:geheim@host/db", "DB_POOL_SIZE": "many", "DB_POOL_MAX_OVERFLOW": "-1",
		"DB_POOL_TIMEOUT": "10s", "SECRETS_PROVIDER": "vault", "AUTH_MODE": "none", "REQUEST_TIMEOUT": "0", "PAY_DAY": "Payday", "LOG_LEVEL": "LOUD",
		"MAX_UPLOAD_MB": "0", "UPLOAD_CONCURRENCY": "0", "STORAGE_URL": "ftp://user:geheim@host/bucket", "NPI_REGISTRY": "phonebook", "NPI_REGISTRY_URL": "ftp://user:geheim@host/", "NPI_FILES_URL": "ftp://user:geheim@host/",
	}
	t.Run("all at once", func(t *testing.T) {
		_, err := LoadConfig(wrong, true)
		var faults ConfigFaults
		if !errors.As(err, &faults) || len(faults) != len(wrong) {
			t.Fatalf("got %d lines: %v", len(faults), err)
		}
		for name := range wrong {
			if !slices.ContainsFunc(faults, func(line string) bool {
				return strings.HasPrefix(line, name+" holds ") && strings.Contains(line, "it may hold")
			}) {
				t.Errorf("no line for %s in\n%s", name, err)
			}
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("the password is in %s", err)
		}
	})
	for name, value := range wrong {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"AUTH_MODE": "trusted"}
			env[name] = value
			var faults ConfigFaults
			if _, err := LoadConfig(env, true); !errors.As(err, &faults) || len(faults) != 1 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTrustedModeListensOnLoopbackOnly(t *testing.T) {
	for address, fine := range map[string]bool{
		"127.0.0.1:8000": true, "localhost:8000": true, "[::1]:8000": true, "0.0.0.0:8000": false, ":8000": false, "192.168.1.4:8000": false, "[::]:8000": false,
	} {
		t.Run(address, func(t *testing.T) {
			_, err := LoadConfig(map[string]string{"AUTH_MODE": "trusted", "HTTP_ADDR": address}, true)
			if (err == nil) != fine {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOnlyServingNeedsAnAuthMode(t *testing.T) {
	if _, err := LoadConfig(nil, false); err != nil {
		t.Error(err)
	}
	if _, err := LoadConfig(nil, true); err == nil || !strings.Contains(err.Error(), "AUTH_MODE holds \"\"") {
		t.Errorf("got %v", err)
	}
}

func TestThePasswordOfADatabaseIsNeverPrinted(t *testing.T) {
	c, err := LoadConfig(map[string]string{"DATABASE_URL": "mysql://app:geheim@db/surgicase"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, c.DatabaseURL); strings.Contains(text, "geheim") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

func TestInventedProvidersDoNotAnswerInProduction(t *testing.T) {
	mysql := map[string]string{"AUTH_MODE": "trusted", "DATABASE_URL": "mysql://app:geheim@db/surgicase"}
	for _, test := range []struct {
		registry, stubs, want, refused string
	}{
		{"", "", "local", ""},
		{"cms", "", "cms", ""},
		{"stub", "true", "stub", ""},
		{"stub", "", "", `NPI_REGISTRY holds "stub"; in production it may hold local or cms, or stub with ALLOW_STUBS=true`},
	} {
		c, err := LoadConfig(with(mysql, "NPI_REGISTRY", test.registry, "ALLOW_STUBS", test.stubs), true)
		if test.refused != "" {
			if err == nil || err.Error() != test.refused {
				t.Errorf("%+v: %v", test, err)
			}
			continue
		}
		if err != nil || c.registry() != test.want {
			t.Errorf("%+v: %s, %v", test, c.registry(), err)
		}
	}
	c, err := LoadConfig(map[string]string{"AUTH_MODE": "trusted"}, true)
	if err != nil || c.registry() != "stub" {
		t.Errorf("in development: %s, %v", c.registry(), err)
	}
}
