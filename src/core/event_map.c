/* SPDX-License-Identifier: MIT */
#include "core/event_map.h"

#include <stdlib.h>

#include "core/unicode_fold.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum kind { EXACT, FOLDED, STANDARD };

struct slot {
	const struct event_map_entry *entry; /* NULL: free */
	enum kind kind;
};

struct event_map {
	struct event_map_entry *entries;
	size_t count; /* rows among them; the standard names come behind */
	char *names;
	struct slot *slots;
	size_t mask;
};

#define WEB (1u << SOURCE_WEB | 1u << SOURCE_OFFLINE | 1u << SOURCE_CRM)
#define APP (1u << SOURCE_APP)

static const struct {
	const char *name;
	unsigned sources;
} standard[] = {
	{"AchieveLevel", APP},
	{"AddPaymentInfo", WEB | APP},
	{"AddToCart", WEB | APP},
	{"AddToWishlist", WEB | APP},
	{"ApplicationApproval", WEB},
	{"Checkout", APP},
	{"CompleteRegistration", WEB},
	{"CompleteTutorial", APP},
	{"Contact", WEB},
	{"CreateGroup", APP},
	{"CreateRole", APP},
	{"CustomizeProduct", WEB},
	{"Download", WEB},
	{"FindLocation", WEB},
	{"GenerateLead", APP},
	{"InAppADClick", APP},
	{"InAppADImpr", APP},
	{"InitiateCheckout", WEB},
	{"InstallApp", APP},
	{"JoinGroup", APP},
	{"LaunchAPP", APP},
	{"Lead", WEB},
	{"LoanApplication", APP},
	{"LoanApproval", APP},
	{"LoanDisbursal", APP},
	{"Login", APP},
	{"Purchase", WEB | APP},
	{"Rate", APP},
	{"Registration", APP},
	{"Schedule", WEB},
	{"Search", WEB | APP},
	{"SpendCredits", APP},
	{"StartTrial", WEB | APP},
	{"SubmitApplication", WEB},
	{"Subscribe", WEB | APP},
	{"UnlockAchievement", APP},
	{"ViewContent", WEB | APP},
};

static char fold(char c)
{
	return c == ' ' || c == '-' || c == '.' ? '_' : ascii_lower(c);
}

static uint32_t fold_next(struct str s, size_t *at)
{
	if ((unsigned char)s.p[*at] < 0x80)
		return (unsigned char)fold(s.p[(*at)++]);
	return unicode_lower(s, at);
}

static uint64_t hash_step(uint64_t hash, uint64_t with)
{
	hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_of(struct str event, enum kind kind)
{
	uint64_t hash = kind;

	for (size_t i = 0; i < event.len;)
		hash = hash_step(hash, kind == FOLDED ? fold_next(event, &i)
						      : (unsigned char)event.p[i++]);
	return hash;
}

static bool is_same(struct str a, struct str b, enum kind kind)
{
	size_t i = 0, k = 0;

	if (kind != FOLDED)
		return str_eq(a, b);
	while (i < a.len && k < b.len)
		if (fold_next(a, &i) != fold_next(b, &k))
			return false;
	return i == a.len && k == b.len;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *find_slot(const struct event_map *map, int32_t destination_id,
			      struct str event, enum kind kind, uint64_t hash)
{
	size_t at = (size_t)hash_step(hash, (uint32_t)destination_id);

	for (;; at++) {
		struct slot *slot = &map->slots[at & map->mask];

		if (!slot->entry || (slot->kind == kind &&
				     slot->entry->destination_id == destination_id &&
				     is_same(slot->entry->event, event, kind)))
			return slot;
	}
}

static void put(struct event_map *map, const struct event_map_entry *entry,
		enum kind kind)
{
	struct slot *slot = find_slot(map, entry->destination_id, entry->event, kind,
				      hash_of(entry->event, kind));

	slot->entry = entry;
	slot->kind = kind;
}

static void *allocate(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		abort();
	return p;
}

static struct str copy_name(struct str name, char **at)
{
	struct str copy = {*at, name.len};

	if (name.len > 0)
		memcpy(*at, name.p, name.len);
	*at += name.len;
	return copy;
}

static size_t slots_for(size_t keys)
{
	size_t slots = 256;

	while (slots < keys * 2)
		slots *= 2;
	return slots;
}

struct event_map *event_map_new(const struct event_map_row *rows, size_t count)
{
	struct event_map *map = allocate(1, sizeof(*map));
	size_t slots = slots_for(2 * count + COUNT(standard)), bytes = 0;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += rows[i].event.len + rows[i].tiktok_event.len;
	map->entries = allocate(count + COUNT(standard), sizeof(*map->entries));
	map->names = at = allocate(bytes, 1);
	map->slots = allocate(slots, sizeof(*map->slots));
	map->mask = slots - 1;
	map->count = count;
	for (size_t i = 0; i < count; i++) {
		map->entries[i] = (struct event_map_entry){
			.event = copy_name(rows[i].event, &at),
			.tiktok_event = copy_name(rows[i].tiktok_event, &at),
			.destination_id = rows[i].destination_id,
			.name_id = rows[i].name_id,
		};
		put(map, &map->entries[i], EXACT);
		put(map, &map->entries[i], FOLDED);
	}
	for (size_t i = 0; i < COUNT(standard); i++) {
		struct str name = str_of(standard[i].name);

		map->entries[count + i] =
			(struct event_map_entry){.event = name, .tiktok_event = name};
		put(map, &map->entries[count + i], STANDARD);
	}
	return map;
}

void event_map_free(struct event_map *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map->names);
	free(map->entries);
	free(map);
}

const struct event_map_entry *event_map_find(const struct event_map *map,
					     int32_t destination_id, struct str event)
{
	const struct event_map_entry *found;

	for (enum kind kind = EXACT; kind <= FOLDED; kind++) {
		uint64_t hash = hash_of(event, kind);

		found = find_slot(map, destination_id, event, kind, hash)->entry;
		if (!found && destination_id != 0)
			found = find_slot(map, 0, event, kind, hash)->entry;
		if (found)
			return found;
	}
	return find_slot(map, 0, event, STANDARD, hash_of(event, STANDARD))->entry;
}

/* What web events are called, and app events otherwise. */
static const struct {
	const char *web, *app;
} app_names[] = {
	{"CompleteRegistration", "Registration"},
	{"InitiateCheckout", "Checkout"},
	{"Lead", "GenerateLead"},
};

static const struct event_map_entry *standard_entry(const struct event_map *map,
						    const char *name)
{
	struct str event = str_of(name);

	return find_slot(map, 0, event, STANDARD, hash_of(event, STANDARD))->entry;
}

const struct event_map_entry *event_map_find_app(const struct event_map *map,
						 int32_t destination_id, struct str event)
{
	const struct event_map_entry *found = event_map_find(map, destination_id, event);

	/* A row of its own says what it means. */
	if (found && found->destination_id == 0)
		for (size_t i = 0; i < COUNT(app_names); i++)
			if (str_eq(found->tiktok_event, str_of(app_names[i].web)))
				return standard_entry(map, app_names[i].app);
	return found;
}

/* 0: it is not sent both; 1: under one name; 2: under two. */
static int names_at(const struct event_map *map, int32_t destination_id, struct str a,
		    struct str b)
{
	const struct event_map_entry *x = event_map_find(map, destination_id, a);
	const struct event_map_entry *y = event_map_find(map, destination_id, b);

	return !x || !y ? 0 : str_eq(x->tiktok_event, y->tiktok_event) ? 1 : 2;
}

bool event_map_are_two(const struct event_map *map, struct str a, struct str b)
{
	int names = str_eq(a, b) ? 1 : names_at(map, 0, a, b);
	bool two = names == 2;

	for (size_t i = 0; i < map->count && names != 1; i++) {
		if (map->entries[i].destination_id == 0)
			continue;
		names = names_at(map, map->entries[i].destination_id, a, b);
		two = two || names == 2;
	}
	return two && names != 1;
}

bool event_is_standard(struct str tiktok_event, enum event_source source)
{
	for (size_t i = 0; i < COUNT(standard); i++)
		if (str_eq(tiktok_event, str_of(standard[i].name)))
			return standard[i].sources >> source & 1;
	return false;
}

void event_offer_standard(struct nearest *near)
{
	for (size_t i = 0; i < COUNT(standard); i++)
		nearest_offer(near, str_of(standard[i].name));
}

const char *event_standard_name(size_t i)
{
	return i < COUNT(standard) ? standard[i].name : NULL;
}

const char *event_retired(struct str tiktok_event)
{
	if (str_eq(tiktok_event, STR("CompletePayment")))
		return "Purchase";
	if (str_eq(tiktok_event, STR("SubmitForm")))
		return "Lead";
	if (str_eq(tiktok_event, STR("PlaceAnOrder")) ||
	    str_eq(tiktok_event, STR("ClickButton")))
		return "";
	return NULL;
}
