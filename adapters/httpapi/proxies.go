package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

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
	for name := range gc.Request.Header {
		if name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded-") {
			a.answerFault(fault.New(fault.Forbidden, "not_local", "In trusted mode requests must not come through a proxy."))(gc)
			return
		}
	}
	if !isLoopback(gc.Request.Host) {
		a.answerFault(fault.New(fault.Forbidden, "not_local", "In trusted mode the host must be this machine."))(gc)
	}
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
