/* SPDX-License-Identifier: MIT */
/* clang-format off: a name a line */
#include "core/field.h"

/* Lengths are known where the names stand, so that each comparison is a word or two. */
#define IS(name, field)                                                                  \
	if (memcmp(key, name, sizeof(name) - 1) == 0)                                    \
		return field;

static enum field payload_field(const char *key, size_t len)
{
	switch (len) {
	case 2: IS("ad", FIELD_AD) break;
	case 3: IS("app", FIELD_APP) break;
	case 4:
		IS("user", FIELD_USER)
		IS("page", FIELD_PAGE)
		IS("lead", FIELD_LEAD)
		break;
	case 7: IS("consent", FIELD_CONSENT) break;
	case 10:
		IS("properties", FIELD_PROPERTIES)
		IS("session_id", FIELD_SESSION_ID)
		break;
	case 14: IS("transaction_id", FIELD_TRANSACTION_ID) break;
	case 20: IS("conversion_date_time", FIELD_CONVERSION_DATE_TIME) break;
	}
	return FIELD_NONE;
}

static enum field consent_field(const char *key, size_t len)
{
	switch (len) {
	case 3:
		IS("gcd", FIELD_GCD)
		IS("gcs", FIELD_GCS)
		break;
	case 10: IS("ad_storage", FIELD_AD_STORAGE) break;
	case 12: IS("ad_user_data", FIELD_AD_USER_DATA) break;
	case 17: IS("analytics_storage", FIELD_ANALYTICS_STORAGE) break;
	case 18: IS("ad_personalization", FIELD_AD_PERSONALIZATION) break;
	}
	return FIELD_NONE;
}

static enum field page_field(const char *key, size_t len)
{
	switch (len) {
	case 3: IS("url", FIELD_URL) break;
	case 8: IS("referrer", FIELD_REFERRER) break;
	}
	return FIELD_NONE;
}

static enum field user_field(const char *key, size_t len)
{
	switch (len) {
	case 2: IS("ip", FIELD_IP) break;
	case 3: IS("ttp", FIELD_TTP) break;
	case 4:
		IS("city", FIELD_CITY)
		IS("idfa", FIELD_IDFA)
		IS("idfv", FIELD_IDFV)
		IS("gaid", FIELD_GAID)
		break;
	case 5:
		IS("email", FIELD_EMAIL)
		IS("phone", FIELD_PHONE)
		IS("state", FIELD_STATE)
		break;
	case 6:
		IS("ttclid", FIELD_TTCLID)
		IS("locale", FIELD_LOCALE)
		break;
	case 7: IS("country", FIELD_COUNTRY) break;
	case 8: IS("zip_code", FIELD_ZIP_CODE) break;
	case 9: IS("last_name", FIELD_LAST_NAME) break;
	case 10:
		IS("user_agent", FIELD_USER_AGENT)
		IS("first_name", FIELD_FIRST_NAME)
		IS("att_status", FIELD_ATT_STATUS)
		break;
	case 11: IS("external_id", FIELD_EXTERNAL_ID) break;
	}
	return FIELD_NONE;
}

static enum field properties_field(const char *key, size_t len)
{
	switch (len) {
	case 5: IS("value", FIELD_VALUE) break;
	case 7: IS("shop_id", FIELD_SHOP_ID) break;
	case 8:
		IS("currency", FIELD_CURRENCY)
		IS("order_id", FIELD_ORDER_ID)
		IS("contents", FIELD_CONTENTS)
		break;
	case 9: IS("num_items", FIELD_NUM_ITEMS) break;
	case 11:
		IS("content_ids", FIELD_CONTENT_IDS)
		IS("description", FIELD_DESCRIPTION)
		break;
	case 12: IS("content_type", FIELD_CONTENT_TYPE) break;
	case 13:
		IS("search_string", FIELD_SEARCH_STRING)
		IS("customer_type", FIELD_CUSTOMER_TYPE)
		break;
	}
	return FIELD_NONE;
}

static enum field app_field(const char *key, size_t len)
{
	switch (len) {
	case 6: IS("app_id", FIELD_APP_ID) break;
	case 8: IS("app_name", FIELD_APP_NAME) break;
	case 11: IS("app_version", FIELD_APP_VERSION) break;
	}
	return FIELD_NONE;
}

static enum field ad_field(const char *key, size_t len)
{
	switch (len) {
	case 5: IS("ad_id", FIELD_AD_ID) break;
	case 8: IS("callback", FIELD_CALLBACK) break;
	case 10: IS("attributed", FIELD_ATTRIBUTED) break;
	case 11:
		IS("campaign_id", FIELD_CAMPAIGN_ID)
		IS("creative_id", FIELD_CREATIVE_ID)
		break;
	case 14: IS("is_retargeting", FIELD_IS_RETARGETING) break;
	case 16: IS("attribution_type", FIELD_ATTRIBUTION_TYPE) break;
	case 17: IS("attribution_share", FIELD_ATTRIBUTION_SHARE) break;
	case 20: IS("attribution_provider", FIELD_ATTRIBUTION_PROVIDER) break;
	}
	return FIELD_NONE;
}

static enum field lead_field(const char *key, size_t len)
{
	switch (len) {
	case 7: IS("lead_id", FIELD_LEAD_ID) break;
	case 17: IS("lead_event_source", FIELD_LEAD_EVENT_SOURCE) break;
	}
	return FIELD_NONE;
}

static enum field item_field(const char *key, size_t len)
{
	switch (len) {
	case 5:
		IS("price", FIELD_PRICE)
		IS("brand", FIELD_BRAND)
		break;
	case 8: IS("quantity", FIELD_QUANTITY) break;
	case 10: IS("content_id", FIELD_CONTENT_ID) break;
	case 12: IS("content_name", FIELD_CONTENT_NAME) break;
	case 16: IS("content_category", FIELD_CONTENT_CATEGORY) break;
	}
	return FIELD_NONE;
}

enum field field_of(enum field parent, struct str key)
{
	switch (parent) {
	case FIELD_NONE: return payload_field(key.p, key.len);
	case FIELD_CONSENT: return consent_field(key.p, key.len);
	case FIELD_PAGE: return page_field(key.p, key.len);
	case FIELD_USER: return user_field(key.p, key.len);
	case FIELD_PROPERTIES: return properties_field(key.p, key.len);
	case FIELD_APP: return app_field(key.p, key.len);
	case FIELD_AD: return ad_field(key.p, key.len);
	case FIELD_LEAD: return lead_field(key.p, key.len);
	case FIELD_CONTENTS: return item_field(key.p, key.len);
	default: return FIELD_NONE;
	}
}
