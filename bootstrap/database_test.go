package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"surgicase/adapters/envsecrets"
	"surgicase/domain/fault"
)

func TestTheDatabaseSecretInItsForms(t *testing.T) {
	for text, want := range map[string]string{
		`{"host": "db", "port": 3307, "database": "surgicase", "user": "app", "password": "geheim"}`: "mysql://db:3307/surgicase?tls=true",
		`{"host": "db", "port": "3306", "dbname": "s", "username": "app", "password": "geheim"}`:     "mysql://db:3306/s?tls=true",
		`{"host": "db", "database": "s", "user": "app", "password": "geheim", "engine": "mysql"}`:    "mysql://db:3306/s?tls=true",
		`{"host": "", "database": "s", "user": "app", "password": "geheim"}`:                         "invalid_database_secret",
		`{"host": "db", "database": "s", "password": "geheim"}`:                                      "invalid_database_secret",
		`geheim`: "invalid_database_secret",
	} {
		c, err := LoadConfig(map[string]string{"DATABASE_URL": "secret?tls=true"}, false)
		if err != nil || c.DatabaseURL.scheme() != "mysql" || !c.production() {
			t.Fatalf("%+v, %v", c, err)
		}
		secrets := envsecrets.Open(map[string]string{"SURGICASE_DATABASE": text}, t.TempDir())
		url, logins, err := c.DatabaseURL.resolve(context.Background(), secrets)
		if err != nil {
			if fault.CodeOf(err) != want || strings.Contains(err.Error()+sentence(err), "geheim") {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		login, err := logins(context.Background(), true)
		if url != want || login.User != "app" || login.Password != "geheim" || err != nil {
			t.Errorf("%s: %s, %v, %v", text, url, login.User, err)
		}
	}
	c, err := LoadConfig(map[string]string{"DATABASE_URL": "secret"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.DatabaseURL.resolve(context.Background(), envsecrets.Open(nil, t.TempDir())); !errors.Is(err, fault.NotFound) {
		t.Errorf("without the secret: %v", err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", c.DatabaseURL, c.DatabaseURL, c.DatabaseURL); strings.Contains(shown, "//?") {
		t.Errorf("it prints as %s", shown)
	}
}
