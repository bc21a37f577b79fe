"""Which of Presidio's predefined recognizers belong to which country pack."""

from __future__ import annotations

from guardrails.pii.packs.predefined import DIGIT, Predefined

# Beside digits, the capitals that begin values such as "AB 12 34 56 C" and "HRB 12345". Values in small letters are
# found where nothing but a digit is needed to see them.
CAPITALS = DIGIT + r"|\b[A-Z]{2,3}(?=\s)"
GERMAN_CAPITALS = DIGIT + r"|\b(?:[A-HJ-ZÄÖÜ]|[A-ZÄÖÜ]{2,3})(?=[\s\-])"

# Presidio's looks for the four digits and the letter anywhere behind the beginning, which is quadratic and wrong.
WEAK_PAN = r"\b(?=[\w@#$%^?~-]{0,9}[a-zA-Z])(?=[\w@#$%^?~-]{0,6}[0-9]{4})[\w@#$%^?~-]{10}\b"

PROVINCES = "GP|ZN|WP|EC|NC|FS|LP|MP|NW"

COUNTRIES: dict[str, tuple[Predefined, ...]] = {
    "au": (
        Predefined("AuAbnRecognizer", "australia.au_abn_recognizer", r"\d{3}"),
        Predefined("AuAcnRecognizer", "australia.au_acn_recognizer", r"\d{3}"),
        Predefined("AuMedicareRecognizer", "australia.au_medicare_recognizer"),
        Predefined("AuTfnRecognizer", "australia.au_tfn_recognizer", r"\d{3}"),
    ),
    "ca": (
        Predefined("CaPostalCodeRecognizer", "canada.ca_postal_code_recognizer", r"\d\w ?\d"),
        Predefined("CaSinRecognizer", "canada.ca_sin_recognizer", r"\d{3}"),
    ),
    "de": (
        Predefined("DeBsnrRecognizer", "germany.de_bsnr_recognizer", r"\d{9}"),
        Predefined("DeFuehrerscheinRecognizer", "germany.de_fuehrerschein_recognizer", r"\d{8}"),
        Predefined("DeHandelsregisterRecognizer", "germany.de_handelsregister_recognizer", "[Hh][Rr]", GERMAN_CAPITALS),
        Predefined("DeHealthInsuranceRecognizer", "germany.de_health_insurance_recognizer", r"\d{9}"),
        Predefined("DeIdCardRecognizer", "germany.de_id_card_recognizer", r"\b\w{8}\d\b"),
        Predefined("DeKfzRecognizer", "germany.de_kfz_recognizer", r"[\s-]\w{1,2}[\s-]\d", GERMAN_CAPITALS),
        Predefined("DeLanrRecognizer", "germany.de_lanr_recognizer", r"\d{9}"),
        Predefined("DePassportRecognizer", "germany.de_passport_recognizer", r"\b\w{8}\d\b"),
        Predefined("DePlzRecognizer", "germany.de_plz_recognizer", r"\d{5}"),
        Predefined("DeSocialSecurityRecognizer", "germany.de_social_security_recognizer", r"\d{8}"),
        Predefined("DeTaxIdRecognizer", "germany.de_tax_id_recognizer", r"\d{11}"),
        Predefined("DeTaxNumberRecognizer", "germany.de_tax_number_recognizer", r"\d/\d|\d{13}"),
        Predefined("DeVatIdRecognizer", "germany.de_vat_id_recognizer", r"(?i:DE)[\s.\-]?\d", GERMAN_CAPITALS),
    ),
    "es": (
        Predefined("EsNieRecognizer", "spain.es_nie_recognizer", r"\d{7}"),
        Predefined("EsNifRecognizer", "spain.es_nif_recognizer", r"\d{7}"),
        Predefined("EsPassportRecognizer", "spain.es_passport_recognizer", r"\d{6}"),
    ),
    "fi": (
        Predefined("FiPersonalIdentityCodeRecognizer", "finland.fi_personal_identity_code_recognizer", r"\d{6}"),
    ),
    "in": (
        Predefined("InAadhaarRecognizer", "india.in_aadhaar_recognizer"),
        Predefined("InGstinRecognizer", "india.in_gstin_recognizer", r"\d\d\w{11}[Zz]"),
        Predefined("InPanRecognizer", "india.in_pan_recognizer", rewritten=(("PAN (Low)", WEAK_PAN),)),
        Predefined("InPassportRecognizer", "india.in_passport_recognizer"),
        Predefined(
            "InVehicleRegistrationRecognizer", "india.in_vehicle_registration_recognizer", r"\d{4}|\d[CUcu]\w\d"
        ),
        Predefined("InVoterRecognizer", "india.in_voter_recognizer", r"\d{7}"),
    ),
    "it": (
        Predefined("ItDriverLicenseRecognizer", "italy.it_driver_license_recognizer", r"\d{7}|[Uu]1"),
        Predefined("ItFiscalCodeRecognizer", "italy.it_fiscal_code_recognizer", r"\w{16}"),
        Predefined("ItIdentityCardRecognizer", "italy.it_identity_card_recognizer", r"\d{5}", CAPITALS),
        Predefined("ItPassportRecognizer", "italy.it_passport_recognizer", r"\d{7}"),
        Predefined("ItVatCodeRecognizer", "italy.it_vat_code", r"(?:\d[ _]?){5}"),
    ),
    "kr": (
        Predefined("KrBrnRecognizer", "korea.kr_brn_recognizer", r"\d{5}"),
        Predefined("KrDriverLicenseRecognizer", "korea.kr_driver_license_recognizer", r"\d{6}"),
        Predefined("KrFrnRecognizer", "korea.kr_frn_recognizer", r"\d{6}"),
        Predefined("KrPassportRecognizer", "korea.kr_passport_recognizer"),
        Predefined("KrRrnRecognizer", "korea.kr_rrn_recognizer", r"\d{6}"),
    ),
    "ng": (
        Predefined("NgNinRecognizer", "nigeria.ng_nin_recognizer", r"\d{11}"),
        Predefined("NgVehicleRegistrationRecognizer", "nigeria.ng_vehicle_registration_recognizer", r"\d{3}", CAPITALS),
    ),
    "ph": (
        Predefined("PhPassportRecognizer", "philippines.ph_passport_recognizer", r"\d{7}"),
        Predefined("PhTinRecognizer", "philippines.ph_tin_recognizer", r"\d{3}-\d|\d{9}"),
        Predefined("PhUmidRecognizer", "philippines.ph_umid_recognizer", r"\d{7}"),
    ),
    "pl": (Predefined("PlPeselRecognizer", "poland.pl_pesel_recognizer", r"\d{11}"),),
    "se": (
        Predefined("SeOrganisationsnummerRecognizer", "sweden.se_organisationsnummer_recognizer", r"\d{6}"),
        Predefined("SePersonnummerRecognizer", "sweden.se_personnummer_recognizer", r"\d{6}"),
    ),
    "sg": (
        Predefined("SgFinRecognizer", "singapore.sg_fin_recognizer", r"\d{7}"),
        Predefined("SgUenRecognizer", "singapore.sg_uen_recognizer"),
    ),
    "th": (Predefined("ThTninRecognizer", "thai.th_tnin_recognizer", r"\d{13}"),),
    "tr": (
        Predefined(
            "TrLicensePlateRecognizer",
            "turkey.tr_license_plate_recognizer",
            r"\d\d[\s-]?[^\W\d]{1,3}[\s-]?\d",
            has_proof=False,
        ),
        Predefined("TrNationalIdRecognizer", "turkey.tr_national_id_recognizer", r"\d{11}"),
    ),
    "uk": (
        Predefined("UkDrivingLicenceRecognizer", "uk.uk_driving_licence_recognizer", r"\d{6}"),
        Predefined("NhsRecognizer", "uk.uk_nhs_recognizer", r"\d{3}"),
        Predefined("UkNinoRecognizer", "uk.uk_nino_recognizer", r"\d\d ?\d\d ?\d\d", CAPITALS),
        Predefined("UkPassportRecognizer", "uk.uk_passport_recognizer", r"\d{7}"),
        Predefined("UkPostcodeRecognizer", "uk.uk_postcode_recognizer", r"\d[^\W\d]{2}\b", CAPITALS),
        Predefined(
            "UkVehicleRegistrationRecognizer",
            "uk.uk_vehicle_registration_recognizer",
            r"[^\W\d][- ]?\d",
            CAPITALS,
            has_proof=False,
        ),
    ),
    "us": (
        Predefined("AbaRoutingRecognizer", "us.aba_routing_recognizer"),
        Predefined("MedicalLicenseRecognizer", "us.medical_license_recognizer", r"\d{7}"),
        Predefined("UsBankRecognizer", "us.us_bank_recognizer", r"\d{8}", ignored_context=frozenset({"save"})),
        Predefined("UsLicenseRecognizer", "us.us_driver_license_recognizer", r"[^\W\d]\d|\d[^\W\d]|\d{6}"),
        Predefined(
            "UsHealthInsuranceMemberIdRecognizer", "us.us_health_insurance_member_id_recognizer", r"[^\W\d]-*\d"
        ),
        Predefined("UsPriorAuthorizationNumberRecognizer", "us.us_healthcare_admin_recognizers", r"\d{6}"),
        Predefined("UsClaimNumberRecognizer", "us.us_healthcare_admin_recognizers", r"\d{6}"),
        Predefined("UsPrescriptionNumberRecognizer", "us.us_healthcare_admin_recognizers", r"\d{6}"),
        Predefined("UsReferralNumberRecognizer", "us.us_healthcare_admin_recognizers", r"\d{6}"),
        Predefined("UsProviderTaxIdRecognizer", "us.us_healthcare_admin_recognizers", r"\d-\d{7}"),
        Predefined("UsItinRecognizer", "us.us_itin_recognizer"),
        Predefined("UsMbiRecognizer", "us.us_mbi_recognizer", r"\d[^\W\d]\w\d-?[^\W\d]"),
        Predefined("UsNpiRecognizer", "us.us_npi_recognizer"),
        Predefined(
            "UsPassportRecognizer",
            "us.us_passport_recognizer",
            r"\d{8}",
            ignored_context=frozenset({"us", "united", "states"}),
        ),
    ),
    "za": (
        Predefined(
            "ZaCompanyRegistrationRecognizer",
            "south_africa.za_company_registration_recognizer",
            r"\d/\d",
            has_proof=False,
        ),
        Predefined(
            "ZaDriverLicenseRecognizer", "south_africa.za_driver_license_recognizer", r"\d{6}", has_proof=False
        ),
        Predefined("ZaIdNumberRecognizer", "south_africa.za_id_number_recognizer", r"\d{13}"),
        Predefined(
            "ZaIncomeTaxNumberRecognizer", "south_africa.za_income_tax_number_recognizer", r"\d{10}", has_proof=False
        ),
        Predefined(
            "ZaLicensePlateRecognizer",
            "south_africa.za_license_plate_recognizer",
            rf"(?i:{PROVINCES})\b",
            CAPITALS,
            has_proof=False,
        ),
        Predefined("ZaPassportRecognizer", "south_africa.za_passport_recognizer", r"\d{8}", has_proof=False),
        Predefined(
            "ZaTrafficRegisterNumberRecognizer",
            "south_africa.za_traffic_register_number_recognizer",
            r"\d{13}",
            has_proof=False,
        ),
        Predefined("ZaVatNumberRecognizer", "south_africa.za_vat_number_recognizer", r"\d{10}", has_proof=False),
    ),
}  # fmt: skip
