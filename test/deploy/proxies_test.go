package deploy

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Where nginx is installed it judges both examples; everywhere each name that one uses has to be defined.
func TestNginxTakesTheExamples(t *testing.T) {
	t.Parallel()
	var plain, gateway string
	read(t, "../../deploy/nginx.conf", func(text []byte) error { plain = string(text); return nil })
	read(t, "../../deploy/nginx-gateway.conf", func(text []byte) error { gateway = string(text); return nil })
	for _, match := range regexp.MustCompile(`auth_request (/\w+);`).FindAllStringSubmatch(plain+gateway, -1) {
		if !strings.Contains(gateway, "location = "+match[1]+" {") {
			t.Errorf("auth_request asks %s, which nothing answers", match[1])
		}
	}
	for _, line := range []string{
		"proxy_buffering off;", "proxy_request_buffering off;", "proxy_max_temp_file_size 0;", `"~^/file_links/" /file_links/-;`,
		"access_log /var/log/nginx/surgicase.log surgicase;", "error_log  /var/log/nginx/surgicase.error.log crit;",
	} {
		if !strings.Contains(plain, line) {
			t.Errorf("without %q nginx keeps documents on its disk or tokens of links in its log", line)
		}
	}
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx = "/usr/sbin/nginx"; exec.CommandContext(t.Context(), nginx, "-v").Run() != nil {
			t.Skip("nginx is not installed")
		}
	}
	location := regexp.MustCompile(`(?s)    location / \{.*?\n    \}\n`)
	if !location.MatchString(plain) {
		t.Fatal("nginx.conf has no location /")
	}
	for name, server := range map[string]string{"nginx.conf": plain, "nginx-gateway.conf": location.ReplaceAllLiteralString(plain, gateway)} {
		dir := t.TempDir()
		key, certificate := filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
		if said, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", key, "-out", certificate).CombinedOutput(); err != nil {
			t.Skipf("openssl: %v %s", err, said)
		}
		if err := os.WriteFile(dir+"/surgicase-gateway-secret", []byte(`set $gateway_secret "of this test";`), 0o600); err != nil {
			t.Fatal(err)
		}
		server = strings.NewReplacer("/etc/ssl/surgicase/fullchain.pem", certificate, "/etc/ssl/surgicase/privkey.pem", key,
			"/etc/nginx/", dir+"/", "/var/log/nginx", dir, "listen 443", "listen 127.0.0.1:44343", "listen 80", "listen 127.0.0.1:44380").Replace(server)
		config := fmt.Sprintf("pid %s/pid; error_log stderr; events {}\nhttp {\n%s\n}\n", dir, server)
		if err := os.WriteFile(dir+"/nginx.conf", []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.CommandContext(t.Context(), nginx, "-t", "-p", dir, "-c", dir+"/nginx.conf").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}

func TestComposeStandsUpAgain(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			Restart     string
			Environment map[string]string
			Build       struct{ Args map[string]string }
			Healthcheck struct{ Test []string }
		}
		Networks map[string]struct {
			IPAM struct {
				Config []struct{ Subnet, Gateway string }
			} `yaml:"ipam"`
		}
	}
	read(t, "../../deploy/compose.yml", func(text []byte) error { return yaml.Unmarshal(text, &file) })
	for _, name := range []string{"database", "surgicase"} {
		if service := file.Services[name]; service.Restart != "unless-stopped" || len(service.Healthcheck.Test) == 0 {
			t.Errorf("%s: restart %q, health check %q", name, service.Restart, service.Healthcheck.Test)
		}
	}
	app := file.Services["surgicase"]
	if !slices.Equal(app.Healthcheck.Test, []string{"CMD", "/surgicase", "health"}) || !strings.HasPrefix(app.Build.Args["VERSION"], "${VERSION:?") {
		t.Errorf("the image has no shell, and wants its version: %q, %q", app.Healthcheck.Test, app.Build.Args)
	}
	ipam := file.Networks["default"].IPAM.Config
	if len(ipam) != 1 || app.Environment["TRUSTED_PROXIES"] != ipam[0].Gateway {
		t.Fatalf("proxies on the host come from the gateway of the bridge: %q, %+v", app.Environment["TRUSTED_PROXIES"], ipam)
	}
	if _, subnet, err := net.ParseCIDR(ipam[0].Subnet); err != nil || !subnet.Contains(net.ParseIP(ipam[0].Gateway)) {
		t.Errorf("%+v: %v", ipam[0], err)
	}
}
