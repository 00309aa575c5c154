package bootstrap

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// occupied stores a user and a case in an installation: seven encrypted values and more.
func occupied(t *testing.T, env environment) {
	t.Helper()
	inside(t, env, func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("dr-a", 1)); err != nil {
			return err
		}
		return r.Cases.Add(ctx, given.Case("c-1", "dr-a"))
	})
}

// inside works on the store of an installation as a server would have it.
func inside(t *testing.T, env environment, do func(context.Context, ports.Repos) error) {
	t.Helper()
	running, err := Open(t.Context(), env, Parts{})
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Store.InTx(t.Context(), do); err != nil {
		t.Error(err)
	}
	if err := running.Close(); err != nil {
		t.Error(err)
	}
}

func readable(t *testing.T, env environment) {
	t.Helper()
	inside(t, env, func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, "c-1", permission.Scope{All: true})
		if err == nil && c.Patient.Last.Reveal() != "Patient-c-1" {
			t.Errorf("the patient is %q", c.Patient.Last.Reveal())
		}
		return err
	})
}

func wantWords(t *testing.T, out string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !regexp.MustCompile(word).MatchString(out) {
			t.Errorf("%q is not in\n%s", word, out)
		}
	}
}

func TestKeysAreRotatedByCommands(t *testing.T) {
	fake := given.StartSecretsManager(t, map[string]string{ports.KeySetSecret: given.KeySet(t), ports.CheckpointKeySecret: given.CheckpointKey})
	for name, where := range map[string]environment{"in a file": {}, "at AWS": fake.Environment()} {
		t.Run(name, func(t *testing.T) {
			env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}
			maps.Copy(env, where)
			occupied(t, env)
			wantWords(t, must(t, env, "keys", "status"), `\d+ +primary +- +- +1\d\n`, "The key set is the ")
			wantWords(t, must(t, env, "keys", "rotate", "--wait", "0s"), `1\d values were encrypted anew; every value has the key \d+`)
			wantWords(t, must(t, env, "keys", "status"), `\d+ +old, reads only +- +- +0\n\d+ +primary +20\d\d-.*Z +20\d\d-.*Z +1\d\n`)
			readable(t, env)
			wantWords(t, must(t, env, "keys", "retire", "--wait", "0s"), `The key \d+ is no longer in the key set`, "Backups")
			if out := must(t, env, "keys", "status"); strings.Contains(out, "old") {
				t.Errorf("still there:\n%s", out)
			}
			wantWords(t, must(t, env, "keys", "retire", "--wait", "0s"), "There are no old keys")
			readable(t, env)
		})
	}
}

func TestAKeySetInAVariableIsHandedToTheOperator(t *testing.T) {
	out := t.TempDir()
	env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "SURGICASE_KEYS": must(t, nil, "keys", "new")}
	occupied(t, env)
	takeOver := func(said string) {
		t.Helper()
		path := regexp.MustCompile(`(?m)^    (.+\.json)$`).FindStringSubmatch(said)
		if path == nil {
			t.Fatalf("no file in\n%s", said)
		}
		set, err := os.ReadFile(path[1])
		if err != nil {
			t.Fatal(err)
		}
		env["SURGICASE_KEYS"] = string(set)
	}
	for range 2 {
		said := must(t, env, "keys", "rotate", "--wait", "0s", "--out", out)
		wantWords(t, said, "SURGICASE_KEYS", "Restart the servers", "rotate` there again")
		takeOver(said)
		readable(t, env)
	}
	wantWords(t, must(t, env, "keys", "rotate", "--wait", "0s", "--out", out), "values were encrypted anew")
	takeOver(must(t, env, "keys", "retire", "--wait", "0s", "--out", out))
	readable(t, env)
	files, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(files) != 3 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestKeysStatusFailsWhenAKeyIsMissing(t *testing.T) {
	env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "SURGICASE_KEYS": given.KeySet(t)}
	occupied(t, env)
	env["SURGICASE_KEYS"] = given.KeySet(t)
	out, err := command(t, env, "keys", "status")
	if err == nil || !strings.Contains(err.Error(), "cannot be read") || !strings.Contains(out, "MISSING") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestKeysRefusesWhatMakesNoSense(t *testing.T) {
	env := environment{"DATA_DIR": t.TempDir()}
	for _, args := range []string{"keys rotate --wait -1s", "keys rotate --wait soon", "keys rotate now", "keys lose"} {
		if out, err := command(t, env, strings.Fields(args)...); err == nil && !strings.Contains(out, "Usage:") {
			t.Errorf("%s works: %s", args, out)
		}
	}
}

func TestCheckNamesWhereTheKeySetIs(t *testing.T) {
	fake := given.StartSecretsManager(t, map[string]string{ports.KeySetSecret: given.KeySet(t)})
	for name, try := range map[string]struct {
		env  environment
		want string
	}{
		"a file in development": {nil, `key set +ok +from provider env: the file .*surgicase-keys.json\n`},
		"a file in production":  {environment{"HTTP_ADDR": "0.0.0.0:8000"}, `key set +warning +from provider env: the file .*where development keeps its keys`},
		"a variable in production": {
			environment{"HTTP_ADDR": "0.0.0.0:8000", "SURGICASE_KEYS": given.KeySet(t)},
			`key set +ok +from provider env: the environment variable SURGICASE_KEYS\n`,
		},
		"AWS": {fake.Environment(), `key set +ok +from provider aws: the secret surgicase/keys in AWS Secrets Manager, us-west-2\n`},
	} {
		t.Run(name, func(t *testing.T) {
			env := environment{"DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR"}
			maps.Copy(env, try.env)
			must(t, env, "migrate", "up")
			out, _ := command(t, env, "check")
			wantWords(t, out, try.want)
		})
	}
}

func TestTheRegionOfAWSIsUSEast1UnlessItIsSet(t *testing.T) {
	for _, env := range []environment{{"SECRETS_PROVIDER": "aws"}, {"AWS_REGION": ""}, {"STORAGE_URL": "s3://bucket"}} {
		if c, err := LoadConfig(env, false); err != nil || c.AWSRegion != "us-east-1" {
			t.Errorf("%v: %q, %v", env, c.AWSRegion, err)
		}
	}
	if c, err := LoadConfig(environment{"AWS_REGION": "eu-west-1"}, false); err != nil || c.AWSRegion != "eu-west-1" {
		t.Errorf("%q, %v", c.AWSRegion, err)
	}
}

var _ ports.Encryption = (*sqlstore.Store)(nil)
