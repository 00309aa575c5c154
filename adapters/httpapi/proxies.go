package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"surgicase/domain/fault"
)

// origin gives the address a request comes from, and whether a trusted proxy passed it on. Only then
// X-Forwarded-For counts: of its addresses the last one that is no trusted proxy's.
func (a *API) origin(req *http.Request) (address string, proxied bool) {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return "", false
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return host, false
	}
	peer = peer.Unmap().WithZone("")
	if !a.trusts(peer) {
		a.warnOfStranger(req, peer)
		return peer.String(), false
	}
	client := peer
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if client = next; !a.trusts(client) {
			break
		}
	}
	return client.String(), true
}

// warnOfStranger tells, once in an interval, that somebody whom TRUSTED_PROXIES does not name says whose requests
// they pass on: a proxy that was forgotten there makes all its clients one address, for limits and the audit log.
func (a *API) warnOfStranger(req *http.Request, peer netip.Addr) {
	if a.settings.Auth.Mode == ModeTrusted || req.Header.Get("X-Forwarded-For") == "" && req.Header.Get("Forwarded") == "" {
		return
	}
	now := time.Now() //nolint:forbidigo // real seconds, not the practice's time
	last := a.warned.Load()
	if now.Sub(time.Unix(last, 0)) >= warnEvery && a.warned.CompareAndSwap(last, now.Unix()) {
		a.Access.ForwardedByStranger(req.Context(), peer.String())
	}
}

// warnEvery is how often a proxy that is not trusted is told of.
const warnEvery = 10 * time.Minute

// parseHop reads an address that some proxies send with its port.
func parseHop(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), err
}

func (a *API) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(a.settings.Auth.TrustedProxies, func(n netip.Prefix) bool { return n.Contains(address) })
}

// onlyLocal refuses in trusted mode what a proxy passed on, and hosts that are not this machine: a page
// in a browser may have a name resolve to it.
func (a *API) onlyLocal(gc *gin.Context) {
	if a.settings.Auth.Mode != ModeTrusted {
		return
	}
	switch {
	case passedOn(gc.Request.Header) || !gc.Request.ProtoAtLeast(1, 1): // nobody but proxies of the simplest kind still speaks 1.0
		a.answerFault(fault.New(fault.Forbidden, "not_local", "In trusted mode requests must not come through a proxy."))(gc)
	case !isLoopback(gc.Request.Host):
		a.answerFault(fault.New(fault.Forbidden, "not_local", "In trusted mode the host must be this machine."))(gc)
	}
}

// proxyMarks are the headers by which proxies are known, proxyMarkPrefixes how others of them begin.
var (
	proxyMarks = []string{
		"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host", "X-Original-Url", "X-Original-Forwarded-For",
		"X-Rewrite-Url", "X-Proxyuser-Ip", "X-Remote-Addr", "X-Remote-Ip", "X-Scheme", "X-Amzn-Trace-Id", "X-Arr-Log-Id", "X-Azure-Clientip",
		"True-Client-Ip", "Fastly-Client-Ip", "Client-Ip", "Cdn-Loop", "Proxy-Connection", "Proxy-Authorization", "Max-Forwards", "Forwarded-For",
	}
	proxyMarkPrefixes = []string{"X-Forwarded", "X-Envoy-", "Cf-", "X-Appengine-", "X-Goog-", "Fly-"}
)

// passedOn says whether a request bears the mark of a proxy, empty or not.
func passedOn(header http.Header) bool {
	for name := range header {
		if slices.Contains(proxyMarks, name) || slices.ContainsFunc(proxyMarkPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return true
		}
	}
	return false
}

// fromForeignPage says whether a browser sends a request for a page that neither is ours nor is named by
// CORS_ORIGINS. Programs say nothing of pages. Browsers send an Origin with all that may change something; what
// they leave it out of, such as a link that is followed, has a Sec-Fetch-Site.
func (a *API) fromForeignPage(req *http.Request) bool {
	page := req.Header.Get("Origin")
	if page == "" {
		switch site := req.Header.Get("Sec-Fetch-Site"); {
		case site == "none", site == "same-origin", site == "" && req.Referer() == "":
			return false
		}
		if from, err := url.Parse(req.Referer()); err == nil {
			page = from.Scheme + "://" + from.Host
		}
	}
	return page != "http://"+req.Host && page != "https://"+req.Host && !slices.Contains(a.settings.Origins, page)
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
