/*
 * Operating systems from the names that people gave to images. Rules, not a list of names.
 *
 * Pure; results point to static strings or into the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/* Members are NULL where the name does not say. */
struct osname {
	const char *distro;  /* libosinfo-style id: "ubuntu", "centos", "rhel", "windows" … */
	const char *version; /* "22.04", "7.6", "2012 R2" */
	const char *os_type; /* "linux", "windows", "other": follows from distro */
	const char
		*arch; /* "x86_64", "i386", "aarch64": only where the name says so, or implies it */
};

/* A display name: "高内核CentOS 7.6 64位", "Ubuntu 22.04/12.8/12.8/3.12", "cuda128_torch280_py312"
 * (nothing). */
void osname_from_name(struct arena *arena, const char *name, struct osname *ret);

/* A QingCloud image id: "centos77x64a", "bionic1x64c", "arch201609x64a", "img-3x2k9b1m" (nothing).
 */
void osname_from_id(struct arena *arena, const char *id, struct osname *ret);

/* Compares versions number by number: "9" < "10.1", "2012" < "2012 R2"; NULL sorts first. <0, 0,
 * >0. */
int osname_compare_versions(const char *a, const char *b);
