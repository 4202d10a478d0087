"""Numbers of orders, tickets, invoices, parcels and articles: what the words before say is no one's phone or id."""

import re

from cs_console.custody.personal_data import UNSPACED
from cs_console.custody.word_shapes import word_set

WINDOW = 40
_TOKEN = re.compile(rf"[^\W\d_{UNSPACED}]+|[^ ]")
_SIGNS = frozenset(".:#(°\n-/\"'*,")
_WORDS = word_set(
    "dhl ups fedex dpd gls hermes usps tnt order orders purchase ticket case invoice tracking reference ref parcel "
    "package shipment consignment "
    "customer client booking reservation item article serial model contract policy member membership voucher "
    "coupon receipt claim complaint incident request transaction batch lot version part product sku isbn ean upc "
    "asin gtin po rma rf sn inv bestell bestellung bestellungen auftrag rechnung kunde kunden sendung vorgang "
    "vertrag referenz artikel paket beleg serien serie lieferung liefer lieferschein police buchung gutschein "
    "mitglied mitglieds produkt modell aktenzeichen commande facture colis suivi dossier contrat livraison "
    "produit modele bon avoir expedition pedido factura envio seguimiento caso contrato cliente referencia "
    "albaran reserva articulo modelo producto expediente guia ordine fattura spedizione contratto pratica "
    "articolo prodotto modello riferimento bolla encomenda fatura rastreio protocolo artigo produto "
    "fiscal recibo ricevuta ticketnummer retoure rma garantie garantia garanzia warranty imei lote lotto "
    "bestelling factuur zending klant zamowienie zamowienia faktura faktury заказ заказа счет договор договора"
)
_LINKS = word_set(
    "number numbers num no nr id code nummer numero codigo codice n o is was ist lautet war es est era e de with "
    "mit avec mein meine номер"
)
_UNSPACED_WORDS = (
    "订单", "訂單", "订单号", "訂單號", "订单编号", "订单号码", "訂單編號", "单号", "單號", "工单", "编号", "編號",
    "发票", "发票号", "发票号码", "合同",
    "合同号", "合同编号", "运单", "运单号", "流水号", "商品", "型号", "货号", "批次", "批次号", "会员号", "会员卡号",
    "注文番号", "注文", "伝票番号", "伝票",
    "追跡番号", "問い合わせ番号", "受付番号", "契約番号", "会員番号", "お客様番号", "請求書", "請求書番号", "商品番号",
    "製造番号", "シリアル番号", "シリアルナンバー", "管理番号", "整理番号", "伝票", "序列号", "序列號", "产品编号",
    "出厂编号", "物流单号", "快递单号", "退货单号", "保修卡号", "条形码",
    "品番", "型番", "주문번호",
    "주문 번호", "주문", "송장번호", "송장 번호", "운송장번호",
)  # fmt: skip
_AFTER_UNSPACED = " :#(是为為はの은는\n"
_PHONES = ("tel", "phone", "fax", "mobil", "handy")
_AFTER_CODE = re.compile(r"(?<!\w)(?:[A-Z]{1,4}\d[A-Z0-9]*|\d+[A-Z][A-Z0-9]*) \Z")


def is_of_an_order(text: str, start: int) -> bool:
    """Whether the number that begins there is said to be one of an order or the like (DECISIONS.md, 24).

    It is where nothing but linking words and the letters of a code stand between that word and the number.
    """
    before = text[max(0, start - WINDOW) : start].lower()
    if before.rstrip(_AFTER_UNSPACED).endswith(_UNSPACED_WORDS):
        return True
    tokens = _TOKEN.findall(before)
    attached = before[-1:] == "-" and len(tokens) > 1 and tokens[-2].isalpha() and len(tokens[-2]) <= 6
    if attached and not tokens[-2].startswith(_PHONES):
        return True
    if before[-1:].isalpha() and before[-1:].isascii():
        tokens.pop()  # the letters of the code itself, "INV447102"
    for token in reversed(tokens):
        if token in _SIGNS or token in _LINKS:
            continue
        return token in _WORDS or _stem(token) in _WORDS
    return False


def _stem(token: str) -> str:
    """ "sendung" of "sendungsnummer"; what is said of a phone has no such stem."""
    for ending in ("nummern", "nummer", "nr", "number", "id"):
        if token.endswith(ending):
            stem = token.removesuffix(ending)
            return stem if stem in _WORDS else stem.removesuffix("s")
    return token


def is_in_a_code(text: str, start: int) -> bool:
    """Whether groups of capitals and digits stand before it: it is a later part of a longer code."""
    return _AFTER_CODE.search(text[max(0, start - WINDOW) : start]) is not None
