"""Publishers' notices are cut from abstracts, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.sources.notices import without_notice

A = "We show that alpha waves rise when a table is read. The effect lasts for 12 days."


@pytest.mark.parametrize(
    "notice",
    [
        "© 2020 Elsevier Ltd",
        "© 2020 Elsevier B.V. All rights reserved.",
        "©2010 IEEE.",
        "© 2021",
        "© ECMS.",
        "(C) 2017 Elsevier B.V. All,rights reserved.",
        "(c) 2006 Elsevier Inc. All rights reserved.",
        (
            "(C) 2015 Published by Elsevier B.V. This is an open access article under the CC BY-NC-ND "
            "license (http://creativecommons.org/licenses/by-nc-nd/4.0/)."
        ),
        (
            "(C) 2016, IFAC (International Federation of Automatic Control) Hosting by Elsevier Ltd. "
            "All rights reserved."
        ),
        "Copyright © 2013 Inderscience Enterprises Ltd.",
        "copyright © 2009 inderscience enterprises ltd.",
        (
            "Copyright: © 2022 Doe et al. This is an open access article distributed under the terms "
            "of the Creative Commons Attribution License, which permits unrestricted use, distribution, "
            "and reproduction in any medium, provided the original author and source are credited."
        ),
        "Copyright 2020 by the Society of Readers.",
        "© 2014 Elsevier Ltd.All rights reserved.",
        "© 2017, © 2017 Operational Research Society.",
        "© 2021 by the authors. Licensee MDPI, Basel, Switzerland.",
        (
            "© 2020, The Author(s), under exclusive licence to Springer-Verlag GmbH Germany, part of "
            "Springer Nature."
        ),
        (
            "© 2018 The Authors. International Transactions in Reading © 2018 International Federation "
            "of Reading Societies"
        ),
        "© N. Aouadi et al., Hosted by EDP Sciences 2020.",
        "© Published under licence by IOP Publishing Ltd.",
        "© 2019 Copyright is held by the owner/author(s). Publication rights licensed to ACM.",
        "Crown Copyright © 2010 Published by Elsevier Ltd. All rights reserved.",
        "Published by Elsevier B.V.",
        "All rights reserved.",
        "This article is protected by copyright. All rights reserved.",
        "(PsycINFO Database Record (c) 2016 APA, all rights reserved).",
        "(ABSTRACT TRUNCATED AT 250 WORDS)",
    ],
)
def test_a_notice_at_the_end_is_cut(notice):
    assert without_notice(f"{A} {notice}") == A


@pytest.mark.parametrize(
    "notice",
    [
        "© 2017 IEEE. ",
        "© 2017 IEEE.",
        "© 2017 Elsevier B.V. All rights reserved. ",
        "Copyright © 2013 Doe et al. ",
    ],
)
def test_a_notice_at_the_start_is_cut(notice):
    assert without_notice(notice + A) == A


@pytest.mark.parametrize(
    "abstract",
    [
        A,
        "© 2020 IEEE.",
        "We ask two things: (a) what is read, (b) who reads, and (c) where they read.",
        "The model was made in Matlab©. Analyses of the results show that it holds.",
        "We compare it with Microsoft© Excel.",
        "The data, published by Madrid City Council, were used to see who reads at night.",
        "We used tables published by the City Council in 2018.",
        "Copyright law of 1976 is what we study. The authors of tables rarely know it.",
        "Models may be trained on works under copyright. We ask which, and what courts say in 2023.",
        (
            "Watermarks protect copyright holders. © 2019 data were compared. Our results show that "
            "they do."
        ),
        "All rights reserved to data subjects are listed. We find that 12 are unknown.",
        "Tables come (C) 2019 with a licence. We show that it is read by nobody at all.",
        "© 2000 Elsevier Ltd was the notice that we found in most of the tables which we read.",
    ],
)
def test_a_sentence_is_never_cut(abstract):
    assert without_notice(abstract) == abstract


def test_a_notice_between_sentences_stays_as_what_follows_may_belong_to_it():
    abstract = f"{A} (C) 2000 Elsevier Ltd. All rights reserved. Reading is what we study here."
    assert without_notice(abstract) == abstract


@given(st.text(alphabet="©(c)C 2019.AaBbyll rightsreservdPubhCopy,", max_size=300))
def test_what_is_left_is_part_of_what_was_there(text):
    assert without_notice(text) in text


def test_time_grows_with_the_length_only():
    for part in (
        "© 2019 ",
        "(c) 2019. ",
        "Published by A. ",
        "Copyright ",
        "©",
        ". A",
        "All rights ",
    ):
        without_notice(part * (1_000_000 // len(part)))
