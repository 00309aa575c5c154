// Package operations keeps the house: the editable lists, the code catalogue, repeated requests.
package operations
