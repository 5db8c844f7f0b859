/*
 * Operating systems from the names that people gave to images. Rules, not a list of names.
 *
 * Pure; results point to static strings or into the arena. Only the first 512 bytes of a name are
 * looked at, so that no name costs more than that.
 *
 * How versions are written, so that one system has one spelling:
 *   a build stamp is dropped        CentOS 7.9.2009 → 7.9
 *   a point release is kept         Ubuntu 20.04.1 → 20.04.1
 *   a leading V is dropped          Kylin V10 → 10
 *   releases and service packs      Windows 2012R2 → 2012 R2, SLES 15.4 and 15-SP4 → 15 SP4
 *   glued digits are split          ubuntu2204 → 22.04, centos79 → 7.9
 *   a release's name is looked up   bookworm → 12
 * A number that can be no version of the system, or stands behind another word, is not its version:
 * "Ubuntu CUDA 12.8" is Ubuntu without one.
 *
 * Distros are those of osname_rules.c. CentOS Stream is "centos-stream", any CoreOS "coreos",
 * Windows clients and servers are both "windows".
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

/*
 * A display name: "高内核CentOS 7.6 64位", "Ubuntu 22.04/12.8/12.8/3.12", "cuda128_torch280_py312"
 * (nothing). The id of a distro is a name of it, too.
 */
void osname_from_name(struct arena *arena, const char *name, struct osname *ret);

/*
 * A QingCloud image id: "centos77x64a", "bionic1x64c", "arch201609x64a", "img-3x2k9b1m" (nothing).
 * Any id that is not wholly of their grammar is nothing: the letters of other ids are random.
 */
void osname_from_id(struct arena *arena, const char *id, struct osname *ret);

/*
 * Compares versions number by number: "9" < "10.1", "2012" < "2012 R2"; NULL sorts first. <0, 0,
 * >0. Words sort before numbers, "XP" < "7"; case, leading zeros and what separates do not count.
 */
int osname_compare_versions(const char *a, const char *b);
